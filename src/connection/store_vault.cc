#include "connection/store_vault.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/time_text.h"

namespace connection {
namespace {

namespace json = boost::json;
using salesforce::Renewal;

constexpr std::string_view note_name = "renewal";

/// Longer than any of a sign-in's deadlines together, so that a turn never ends under a request.
constexpr std::chrono::seconds turn_time{300};

constexpr std::array<std::pair<Renewal::Rotation, std::string_view>, 3> rotations = {
    {{Renewal::Rotation::unknown, "unknown"}, {Renewal::Rotation::off, "off"}, {Renewal::Rotation::on, "on"}}};

class LeasedTurn final : public salesforce::Vault::Turn {
 public:
  LeasedTurn(core::Registry& registry, core::Lease lease) : registry_(registry), lease_(std::move(lease)) {}
  LeasedTurn(const LeasedTurn&) = delete;
  LeasedTurn& operator=(const LeasedTurn&) = delete;
  ~LeasedTurn() override { (void)registry_.release_lease(lease_); }

 private:
  core::Registry& registry_;
  const core::Lease lease_;
};

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string{found->get_string()} : std::string{};
}

}  // namespace

std::string place_of(const model::IntegrationId& id, std::string_view column) {
  return "lockstep_integrations/" + id.text + "/" + std::string{column};
}

base::Result<salesforce::Credentials> StoreVault::load() {
  ASSIGN_OR_RETURN(const auto integrations, registry_.integrations());
  const auto found = std::ranges::find(integrations, id_, &core::Integration::id);
  salesforce::Credentials credentials;
  if (found == integrations.end()) return credentials;
  credentials.instance_url = found->instance_url;
  if (!found->access_token.empty()) {
    ASSIGN_OR_RETURN(credentials.access_token, keys_.open(found->access_token, place_of(id_, "access_token")));
  }
  if (!found->refresh_token.empty()) {
    ASSIGN_OR_RETURN(credentials.refresh_token, keys_.open(found->refresh_token, place_of(id_, "refresh_token")));
  }
  return credentials;
}

base::Result<void> StoreVault::save(const salesforce::Credentials& credentials) {
  const auto sealed = [&](const base::Secret& secret, std::string_view column) {
    return secret.empty() ? std::string{} : keys_.seal(secret.reveal(), place_of(id_, column));
  };
  return registry_.save_tokens(id_, sealed(credentials.access_token, "access_token"),
                               sealed(credentials.refresh_token, "refresh_token"), credentials.instance_url);
}

base::Result<std::unique_ptr<salesforce::Vault::Turn>> StoreVault::take_turn() {
  auto lease = registry_.take_lease({id_.text + "/sign-in"}, clock_.now(), turn_time);
  if (lease) return std::make_unique<LeasedTurn>(registry_, *std::move(lease));
  if (lease.error().kind == base::ErrorKind::cancelled) return nullptr;
  return std::unexpected(std::move(lease).error());
}

base::Result<Renewal> StoreVault::renewal() {
  ASSIGN_OR_RETURN(const std::string kept, registry_.note(id_.text, note_name));
  return renewal_from(kept);
}

base::Result<void> StoreVault::save(const Renewal& renewal) {
  const std::string now = renewal_json(renewal);
  RETURN_IF_ERROR(registry_.change_note(id_.text, note_name, [&](const std::string&) { return now; }));
  return {};
}

std::string renewal_json(const Renewal& renewal) {
  const auto rotation = std::ranges::find(rotations, renewal.rotation, [](const auto& entry) { return entry.first; });
  return json::serialize(json::object{{"grant", renewal.grant},
                                      {"token", renewal.token},
                                      {"asked_at", base::to_iso(renewal.asked_at)},
                                      {"unanswered", renewal.unanswered},
                                      {"rotation", rotation->second},
                                      {"refusal", renewal.refusal},
                                      {"refusal_code", renewal.refusal_code}});
}

Renewal renewal_from(std::string_view text) {
  Renewal renewal;
  boost::system::error_code failed;
  const json::value parsed = json::parse(text, failed);
  if (failed || !parsed.is_object()) return renewal;
  const json::object& object = parsed.get_object();
  renewal.grant = text_at(object, "grant");
  renewal.token = text_at(object, "token");
  renewal.asked_at = base::parse_iso(text_at(object, "asked_at")).value_or(base::Utc{});
  if (const json::value* unanswered = object.if_contains("unanswered"); unanswered != nullptr && unanswered->is_int64())
    renewal.unanswered = static_cast<int>(std::clamp<std::int64_t>(unanswered->get_int64(), 0, 1000));
  const std::string rotation = text_at(object, "rotation");
  for (const auto& [value, name] : rotations)
    if (name == rotation) renewal.rotation = value;
  renewal.refusal = text_at(object, "refusal");
  renewal.refusal_code = text_at(object, "refusal_code");
  return renewal;
}

}  // namespace connection
