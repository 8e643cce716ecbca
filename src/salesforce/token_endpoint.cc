#include "salesforce/token_endpoint.h"

#include <algorithm>
#include <array>

#include "base/time_text.h"
#include "model/ids.h"
#include "salesforce/errors.h"
#include "salesforce/json.h"
#include "salesforce/jwt.h"
#include "salesforce/secret_scan.h"

namespace salesforce {
namespace {

using base::ErrorKind;

constexpr std::array<std::pair<Flow, std::string_view>, 5> flow_names = {{
    {Flow::web, "web"},
    {Flow::refresh_token, "refresh-token"},
    {Flow::jwt, "jwt"},
    {Flow::client_credentials, "client-credentials"},
    {Flow::password, "password"},
}};

void add(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  (form += name) += '=';
  form += url_encoded(value);
}

/// `assertion`: what was signed for a grant that is one.
base::Result<base::Secret> form_for(const SessionSettings& settings, const Grant& grant, base::Utc now,
                                    base::Secret& assertion) {
  std::string form;
  if (grant.kind == Grant::Kind::jwt) {
    ASSIGN_OR_RETURN(assertion, jwt_assertion(settings.client_id, settings.username, audience_of(settings.login_url),
                                              settings.private_key, now));
    add(form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    add(form, "assertion", assertion.reveal());
    return base::Secret{std::move(form)};
  }
  add(form, "client_id", settings.client_id);
  if (!settings.client_secret.empty()) add(form, "client_secret", settings.client_secret.reveal());
  switch (grant.kind) {
    case Grant::Kind::client_credentials:
      add(form, "grant_type", "client_credentials");
      break;
    case Grant::Kind::refresh_token:
      add(form, "grant_type", "refresh_token");
      add(form, "refresh_token", grant.value.reveal());
      break;
    case Grant::Kind::code:
      add(form, "grant_type", "authorization_code");
      add(form, "code", grant.value.reveal());
      add(form, "redirect_uri", grant.redirect_uri);
      add(form, "code_verifier", grant.verifier.reveal());
      break;
    case Grant::Kind::password:
      add(form, "grant_type", "password");
      add(form, "username", settings.username);
      add(form, "password", settings.password.reveal());
      break;
    case Grant::Kind::jwt:
      break;
  }
  return base::Secret{std::move(form)};
}

/// Why the org does not take a grant of this kind, as far as the code does not say.
std::string remedy_for(Grant::Kind kind, std::string_view description) {
  switch (kind) {
    case Grant::Kind::refresh_token:
      return "Connect Salesforce again with `lockstep connect`: the consent was revoked, has expired, or was replaced "
             "by a sixth sign-in of the same user to the same app.";
    case Grant::Kind::code:
      return "Start again: the code of a sign-in is good for one use within a few minutes.";
    case Grant::Kind::jwt:
      if (description.contains("approved"))
        return "In the app's policies, set \"Admin approved users are pre-authorized\" and give the user's profile or "
               "permission set the app. Then connect again.";
      if (description.contains("udience"))
        return "Set LOCKSTEP_SALESFORCE_LOGIN_URL to https://login.salesforce.com, to https://test.salesforce.com for a "
               "sandbox, or to the org's My Domain. Then connect again.";
      return "Check that the user name is right and active, and that the app holds the certificate of this very key. "
             "Then connect again.";
    case Grant::Kind::client_credentials:
      return "Set an active \"Run As\" user for the client credentials flow of the app. Then connect again.";
    case Grant::Kind::password:
      return "Check user name, password and security token, and that the org allows the OAuth username-password flow. "
             "Another flow is safer.";
  }
  return {};
}

struct Refusal {
  std::string code, description;
};

Refusal refusal_in(std::string body) {
  Refusal refusal;
  JsonReader reader;
  JsonObject object;
  if (!reader.open_whole(body) || reader.root().get_object().get(object)) return refusal;
  refusal.code = text_at(object, "error");
  refusal.description = text_at(object, "error_description");
  for (std::string* text : {&refusal.code, &refusal.description})
    std::ranges::replace_if(*text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return refusal;
}

base::Error token_error(const Answer& answer, const SessionSettings& settings, const Grant& grant,
                        const base::Secret& assertion, const base::Clock& clock) {
  Refusal refusal = refusal_in(answer.body);
  SecretScan scan;
  for (const base::Secret* secret :
       {&settings.client_secret, &settings.password, &grant.value, &grant.verifier, &assertion})
    scan.add(*secret);
  if (refusal.description.size() > 300 || scan.finds_in(refusal.description)) refusal.description.clear();
  if (scan.finds_in(refusal.code)) refusal.code = "an error";
  refusal.code.resize(std::min<std::size_t>(refusal.code.size(), 60));
  const std::string& code = refusal.code;
  const std::string said = refusal.description.empty() ? code : code + ": " + refusal.description;
  const std::string status = "[HTTP " + std::to_string(answer.status) + "]";

  base::Error error{ErrorKind::unauthorized, {}, code};
  if (answer.status == 503 || answer.status == 429 || answer.status == 420) {
    error.kind = answer.status == 429 ? ErrorKind::throttled : ErrorKind::unreachable;
    error.retry_after = retry_after(answer).value_or(std::chrono::seconds{60});
    error.message = "Salesforce could not sign us in just now " + status + ". It is tried again by itself.";
  } else if (answer.status >= 500) {
    error.kind = ErrorKind::unknown_fate;
    error.message = "Salesforce failed while it signed us in " + status + ". It is tried again by itself.";
  } else if (code.empty()) {
    error.kind = ErrorKind::settings;
    error.message = "Salesforce could not sign us in " + status +
                    ". Check that LOCKSTEP_SALESFORCE_LOGIN_URL is the address of the org's login.";
  } else if (code == "rate_limit_exceeded" || code == "unknown_error") {
    error.kind = ErrorKind::throttled;
    error.retry_after = retry_after(answer).value_or(std::chrono::seconds{60});
    error.message = "Salesforce lets us sign in only later [" + said + "]. It is tried again by itself.";
  } else if (code == "invalid_client_id") {
    error.message = "Salesforce does not know our client id [" + said +
                    "]. Check SALESFORCE_CLIENT_ID against the app's consumer key, and LOCKSTEP_SALESFORCE_LOGIN_URL.";
  } else if (code.starts_with("invalid_client")) {
    error.message = "Salesforce refused our client credentials [" + said +
                    "]. Check SALESFORCE_CLIENT_SECRET, and that SALESFORCE_CLIENT_ID belongs to the same app.";
  } else if (code == "invalid_grant") {
    error.message = "Salesforce refused to sign us in [" + said + "]. " + remedy_for(grant.kind, refusal.description);
  } else if (code == "redirect_uri_mismatch") {
    error.kind = ErrorKind::settings;
    error.message = "The app does not know our callback address [" + said +
                    "]. Add the address that SALESFORCE_REDIRECT_URI names to the app's callback URLs, letter by letter.";
  } else {
    error.kind = ErrorKind::settings;
    error.message = "Salesforce refused the way we sign in [" + said + "]. ";
    error.message += grant.kind == Grant::Kind::client_credentials
                         ? "LOCKSTEP_SALESFORCE_LOGIN_URL must be the org's own My Domain address, and the app must have "
                           "the client credentials flow enabled. Then connect again."
                         : "Check the OAuth settings of the app and LOCKSTEP_SALESFORCE_LOGIN_URL. Then connect again.";
  }
  if (grant.kind == Grant::Kind::jwt && error.kind == ErrorKind::unauthorized) {
    if (const auto theirs = base::parse_http_date(answer.header("date"))) {
      const auto apart = std::chrono::duration_cast<std::chrono::seconds>(clock.now() - *theirs);
      if (std::chrono::abs(apart) > std::chrono::seconds{60})
        error.message += " This machine's clock is " + std::to_string(std::abs(apart.count())) + " seconds " +
                         (apart.count() > 0 ? "ahead of" : "behind") +
                         " Salesforce's, and an assertion is good for three minutes only: set the clock.";
    }
  }
  return error;
}

std::string with_path(const std::string& login_url, std::string_view path) {
  return without_slash(login_url) + std::string{path};
}

Request form_request(std::string url, const base::Secret& form) {
  return {.method = "POST",
          .url = std::move(url),
          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
          .body = form.reveal()};
}

}  // namespace

std::string_view name_of(Flow flow) {
  return std::ranges::find(flow_names, flow, [](const auto& entry) { return entry.first; })->second;
}

std::optional<Flow> flow_named(std::string_view name) {
  const auto found = std::ranges::find(flow_names, name, [](const auto& entry) { return entry.second; });
  return found == flow_names.end() ? std::nullopt : std::optional{found->first};
}

std::string org_of(std::string_view identity_url) {
  constexpr std::string_view before = "/id/";
  const auto at = identity_url.find(before);
  if (at == std::string_view::npos) return {};
  std::string_view id = identity_url.substr(at + before.size());
  id = id.substr(0, id.find('/'));
  const auto org = model::RecordId::parse(id);
  return org ? org->str() : std::string{};
}

base::Result<void> check_login_url(std::string_view login_url) {
  const auto login = origin_of(login_url);
  if (login && (login->tls || is_loopback(login_url))) return {};
  std::string_view authority = login_url;
  if (const auto scheme = authority.find("://"); scheme != authority.npos) authority.remove_prefix(scheme + 3);
  if (authority.substr(0, authority.find_first_of("/?#")).contains('@'))
    return base::failure(
        ErrorKind::settings,
        "The login URL (--login-url, LOCKSTEP_SALESFORCE_LOGIN_URL) must hold no user name or password "
        "before the host: what stands behind the \"@\" is where secrets would go. Write it as "
        "https://acme.my.salesforce.com.");
  return base::failure(ErrorKind::settings,
                       "The login URL (--login-url, LOCKSTEP_SALESFORCE_LOGIN_URL) must begin with https:// and name a "
                       "host, such as https://acme.my.salesforce.com.");
}

base::Result<Issued> request_tokens(Transport& transport, const SessionSettings& settings, const Grant& grant,
                                    const base::Clock& clock) {
  RETURN_IF_ERROR(check_login_url(settings.login_url));
  base::Secret assertion;
  ASSIGN_OR_RETURN(const base::Secret form, form_for(settings, grant, clock.now(), assertion));
  Request request = form_request(with_path(settings.login_url, "/services/oauth2/token"), form);
  // These are good for one use, and the answer may hold the next one.
  request.finish = grant.kind == Grant::Kind::code || grant.kind == Grant::Kind::refresh_token;
  auto answer = transport.send(request);
  base::wipe(request.body);
  if (!answer) return std::unexpected(std::move(answer).error());
  if (answer->status != 200) return std::unexpected(token_error(*answer, settings, grant, assertion, clock));

  JsonReader reader;
  JsonObject object;
  Issued issued;
  if (reader.open_whole(answer->body) && !reader.root().get_object().get(object)) {
    issued.credentials.access_token = base::Secret{std::string{text_at(object, "access_token")}};
    issued.credentials.refresh_token = base::Secret{std::string{text_at(object, "refresh_token")}};
    issued.credentials.instance_url = without_slash(std::string{text_at(object, "instance_url")});
    issued.identity_url = text_at(object, "id");
    issued.scope = text_at(object, "scope");
  }
  base::wipe(answer->body);
  const std::string& access = issued.credentials.access_token.reveal();
  const std::string& refresh = issued.credentials.refresh_token.reveal();
  // Whatever that was, the grant has been used for it.
  if (access.empty() || (access + refresh).find_first_of("\r\n") != std::string::npos)
    return base::failure(ErrorKind::unknown_fate,
                         "Salesforce's answer to our signing in holds no access token. Check "
                         "LOCKSTEP_SALESFORCE_LOGIN_URL, and whether a proxy stands in between.");
  return issued;
}

base::Result<void> revoke(Transport& transport, const SessionSettings& settings, const base::Secret& token) {
  RETURN_IF_ERROR(check_login_url(settings.login_url));
  std::string form;
  add(form, "token", token.reveal());
  const base::Secret secret{std::move(form)};
  Request request = form_request(with_path(settings.login_url, "/services/oauth2/revoke"), secret);
  const auto answer = transport.send(request);
  base::wipe(request.body);
  if (!answer) return std::unexpected(answer.error());
  // 400 unsupported_token_type and invalid_token: it is dead already, which is what we want.
  if (answer->status == 200 || answer->status == 400) return {};
  return base::failure(ErrorKind::unreachable,
                       "Salesforce could not revoke the token [HTTP " + std::to_string(answer->status) +
                           "]. Revoke it in Setup, \"Connected Apps OAuth Usage\".");
}

}  // namespace salesforce
