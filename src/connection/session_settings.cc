#include "connection/session_settings.h"

#include <boost/json.hpp>

#include "connection/store_vault.h"

namespace connection {
namespace {

namespace json = boost::json;
using base::ErrorKind;

constexpr std::string_view column = "secret";

}  // namespace

std::string seal(const security::KeyRing& keys, const model::IntegrationId& id, const FlowSecret& secret) {
  json::object object;
  const auto put = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) object[name] = text;
  };
  put("private_key", secret.private_key.reveal());
  put("password", secret.password.reveal());
  put("client_id", secret.client_id);
  put("client_secret", secret.client_secret.reveal());
  if (object.empty()) return {};
  const base::Secret plain{json::serialize(object)};
  return keys.seal(plain.reveal(), place_of(id, column));
}

base::Result<FlowSecret> open(const security::KeyRing& keys, const core::Integration& integration) {
  FlowSecret secret;
  if (integration.secret.empty()) return secret;
  ASSIGN_OR_RETURN(const base::Secret plain, keys.open(integration.secret, place_of(integration.id, column)));
  boost::system::error_code failed;
  const json::value parsed = json::parse(plain.reveal(), failed);
  if (failed || !parsed.is_object())
    return base::failure(ErrorKind::corrupt, "the secret of integration " + integration.id.text +
                                                 " is not in a form we know: connect it again with `lockstep connect`");
  const auto text = [&](std::string_view name) {
    const json::value* found = parsed.get_object().if_contains(name);
    return found != nullptr && found->is_string() ? std::string{found->get_string()} : std::string{};
  };
  secret.private_key = base::Secret{text("private_key")};
  secret.password = base::Secret{text("password")};
  secret.client_id = text("client_id");
  secret.client_secret = base::Secret{text("client_secret")};
  return secret;
}

base::Result<salesforce::SessionSettings> session_settings(const core::Integration& integration, const Client& client,
                                                           const security::KeyRing& keys) {
  const auto flow = salesforce::flow_named(integration.flow);
  if (!flow)
    return base::failure(ErrorKind::settings, "integration " + integration.id.text + " signs in by \"" +
                                                  integration.flow + "\", which this version does not know: connect it "
                                                  "again with `lockstep connect`");
  ASSIGN_OR_RETURN(FlowSecret secret, open(keys, integration));
  const bool own_client = !secret.client_id.empty();
  salesforce::SessionSettings out{.login_url = integration.login_url,
                                  .flow = *flow,
                                  .client_id = own_client ? secret.client_id : client.id,
                                  .client_secret = own_client ? secret.client_secret : base::Secret{client.secret},
                                  .username = integration.username,
                                  .private_key = std::move(secret.private_key),
                                  .password = std::move(secret.password),
                                  .org_id = integration.org_id};
  if (!client.domains.empty()) out.domains = client.domains;
  if (out.client_id.empty())
    return base::failure(ErrorKind::settings,
                         "SALESFORCE_CLIENT_ID is not set: it is the consumer key of the app in Salesforce (docs/connect.md "
                         "says how to make one)");
  return out;
}

}  // namespace connection
