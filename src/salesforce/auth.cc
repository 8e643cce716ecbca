#include "salesforce/auth.h"

#include <algorithm>
#include <array>
#include <utility>

#include "salesforce/errors.h"
#include "salesforce/json.h"

namespace salesforce {
namespace {

using base::ErrorKind;

/// A URL as far as trust depends on it.
struct Origin {
  bool tls = false;
  std::string host;  ///< Lower case, without port; "[::1]" keeps its brackets.
};

/// Nothing for other schemes, for user names before the host, and for hosts with foreign characters.
std::optional<Origin> origin_of(std::string_view url) {
  Origin origin;
  if (url.starts_with("https://")) {
    origin.tls = true;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  std::string_view host = authority;
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = authority.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }))
      return std::nullopt;
    host = authority.substr(0, colon);
  }
  if (host.empty()) return std::nullopt;
  if (host == "[::1]") {
    origin.host = host;
    return origin;
  }
  for (const char c : host) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (!(lower >= 'a' && lower <= 'z') && !(lower >= '0' && lower <= '9') && lower != '-' && lower != '.')
      return std::nullopt;
    origin.host += lower;
  }
  return origin;
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  if (!host.starts_with("127.")) return false;
  return std::ranges::count(host, '.') == 3 &&
         std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

/// The token endpoint's errors come with HTTP 400 and in a form of their own.
base::Error token_error(const Answer& answer, const SessionSettings& settings, std::string_view refresh_token) {
  std::string body = answer.body;
  std::string code, description;
  JsonReader reader;
  if (JsonObject object; reader.open(body) && !reader.root().get_object().get(object)) {
    code = text_at(object, "error");
    description = text_at(object, "error_description");
  }
  for (const std::string_view secret : {std::string_view{settings.client_secret}, refresh_token})
    if (!secret.empty() && description.contains(secret)) description.clear();
  const std::string said = description.empty() ? code : code + ": " + description;

  base::Error error{ErrorKind::unreachable, {}, code};
  if (answer.status >= 500 || code.empty()) {
    error.message = "Salesforce could not sign us in just now [HTTP " + std::to_string(answer.status) + "]. ";
    error.message += answer.status >= 500 ? "It is tried again by itself."
                                          : "Check that LOCKSTEP_SALESFORCE_LOGIN_URL is the address of the org's login.";
    if (answer.status < 500) error.kind = ErrorKind::settings;
  } else if (code == "rate_limit_exceeded" || code == "unknown_error") {
    error.kind = ErrorKind::throttled;
    error.retry_after = std::chrono::seconds{60};
    error.message = "Salesforce lets us sign in only later [" + said + "]. It is tried again by itself.";
  } else if (code == "invalid_client_id") {
    error.kind = ErrorKind::unauthorized;
    error.message = "Salesforce does not know our client id [" + said +
                    "]. Check SALESFORCE_CLIENT_ID against the app's consumer key, and LOCKSTEP_SALESFORCE_LOGIN_URL.";
  } else if (code.starts_with("invalid_client")) {
    error.kind = ErrorKind::unauthorized;
    error.message = "Salesforce refused our client credentials [" + said +
                    "]. Check SALESFORCE_CLIENT_SECRET, and that SALESFORCE_CLIENT_ID belongs to the same app.";
  } else if (code == "invalid_grant") {
    error.kind = ErrorKind::unauthorized;
    error.message = settings.flow == Flow::refresh_token
                        ? "Salesforce no longer accepts our refresh token [" + said +
                              "]. Connect Salesforce again: the consent was revoked, replaced or has expired."
                        : "Salesforce refused the app's user [" + said +
                              "]. Set an active \"Run As\" user for the client credentials flow of the app.";
  } else {
    error.kind = ErrorKind::settings;
    error.message = "Salesforce refused the way we sign in [" + said + "]. ";
    error.message += settings.flow == Flow::client_credentials
                         ? "LOCKSTEP_SALESFORCE_LOGIN_URL must be the org's own My Domain address, and the app must have "
                           "the "
                           "client credentials flow enabled."
                         : "Check the OAuth settings of the app and LOCKSTEP_SALESFORCE_LOGIN_URL.";
  }
  return error;
}

}  // namespace

bool is_loopback(std::string_view url) {
  const auto origin = origin_of(url);
  return origin && is_loopback_host(origin->host);
}

bool may_hold_org(std::string_view url, bool loopback_allowed) {
  constexpr std::array<std::string_view, 4> domains = {".salesforce.com", ".force.com", ".salesforce.mil",
                                                       ".cloudforce.com"};
  const auto origin = origin_of(url);
  if (!origin) return false;
  if (is_loopback_host(origin->host)) return loopback_allowed;
  return origin->tls && std::ranges::any_of(domains, [&](std::string_view domain) {
           return origin->host.size() > domain.size() && origin->host.ends_with(domain);
         });
}

Session::Session(SessionSettings settings, Vault& vault, Transport& transport)
    : settings_(std::move(settings)), vault_(vault), transport_(transport) {}

base::Result<void> Session::save_pending() {
  if (!pending_) return {};
  RETURN_IF_ERROR(vault_.save(*pending_));
  held_ = std::exchange(pending_, std::nullopt);
  return {};
}

base::Result<Credentials> Session::current() {
  const std::lock_guard lock{mutex_};
  RETURN_IF_ERROR(save_pending());
  if (!held_) {
    ASSIGN_OR_RETURN(Credentials known, vault_.load());
    if (known.access_token.empty() || !may_hold_org(known.instance_url, is_loopback(settings_.login_url))) {
      RETURN_IF_ERROR(sign_in(known));
    } else {
      held_ = std::move(known);
    }
  }
  return *held_;
}

base::Result<Credentials> Session::renewed(const std::string& stale) {
  const std::lock_guard lock{mutex_};
  RETURN_IF_ERROR(save_pending());
  ASSIGN_OR_RETURN(Credentials known, vault_.load());
  if (!known.access_token.empty() && known.access_token != stale &&
      may_hold_org(known.instance_url, is_loopback(settings_.login_url))) {
    held_ = std::move(known);  // another thread or process signed in
  } else {
    RETURN_IF_ERROR(sign_in(known));
  }
  return *held_;
}

base::Result<void> Session::sign_in(const Credentials& known) {
  const auto login = origin_of(settings_.login_url);
  const bool loopback = is_loopback(settings_.login_url);
  if (!login || (!login->tls && !loopback))
    return base::failure(ErrorKind::settings,
                         "LOCKSTEP_SALESFORCE_LOGIN_URL must begin with https://, such as https://acme.my.salesforce.com.");
  std::string form = "client_id=" + url_encoded(settings_.client_id);
  if (!settings_.client_secret.empty()) form += "&client_secret=" + url_encoded(settings_.client_secret);
  if (settings_.flow == Flow::client_credentials) {
    form += "&grant_type=client_credentials";
  } else if (known.refresh_token.empty()) {
    return base::failure(ErrorKind::unauthorized, "There is no Salesforce refresh token yet. Connect Salesforce.");
  } else {
    form += "&grant_type=refresh_token&refresh_token=" + url_encoded(known.refresh_token);
  }
  auto answer = transport_.send(
      {.method = "POST",
       .url = without_slash(settings_.login_url) + "/services/oauth2/token",
       .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
       .body = std::move(form)});
  if (!answer) {
    base::Error error = std::move(answer).error();
    // The call we sign in for has not been made, whatever became of the signing in.
    if (error.kind == ErrorKind::unknown_fate) error.kind = ErrorKind::unreachable;
    return std::unexpected(std::move(error));
  }
  if (answer->status != 200) return std::unexpected(token_error(*answer, settings_, known.refresh_token));

  JsonReader reader;
  JsonObject object;
  Credentials fresh;
  std::string identity_url;
  if (reader.open(answer->body) && !reader.root().get_object().get(object)) {
    fresh.access_token = text_at(object, "access_token");
    fresh.refresh_token = text_at(object, "refresh_token");
    fresh.instance_url = without_slash(std::string{text_at(object, "instance_url")});
    identity_url = text_at(object, "id");
  }
  if (fresh.access_token.empty() || fresh.access_token.find_first_of("\r\n") != std::string::npos)
    return base::failure(ErrorKind::malformed,
                         "Salesforce's answer to our signing in holds no access token. Check LOCKSTEP_SALESFORCE_LOGIN_URL.");
  if (!may_hold_org(fresh.instance_url, loopback))
    return base::failure(ErrorKind::settings,
                         "The login answered with an org at an address that is not Salesforce's, so no token is sent "
                         "there. Check LOCKSTEP_SALESFORCE_LOGIN_URL.");
  if (fresh.refresh_token.empty()) fresh.refresh_token = known.refresh_token;
  identity_url_ = may_hold_org(identity_url, loopback) ? identity_url : std::string{};
  pending_ = std::move(fresh);
  return save_pending();
}

base::Result<Answer> Session::send(Transport& transport, Request request, int* exchanges) {
  const std::string path = std::move(request.url);
  ASSIGN_OR_RETURN(Credentials credentials, current());
  request.headers.push_back({"Authorization", {}});
  bool repeated = false, renewed_once = false;
  while (true) {
    request.url = credentials.instance_url + path;
    request.headers.back().value = "Bearer " + credentials.access_token;
    auto answer = transport.send(request);
    const bool unsent = !answer && answer.error().kind == ErrorKind::unreachable;
    if (exchanges != nullptr && !unsent) ++*exchanges;
    if (unsent && !repeated) {
      repeated = true;
    } else if (answer && !renewed_once && is_expired_session(*answer)) {
      renewed_once = true;
      ASSIGN_OR_RETURN(credentials, renewed(credentials.access_token));
    } else {
      return answer;
    }
  }
}

base::Result<Identity> Session::identity() {
  ASSIGN_OR_RETURN(Credentials credentials, current());
  for (const bool last : {false, true}) {
    base::Result<Answer> answer;
    {
      const std::lock_guard lock{mutex_};
      answer = transport_.send(
          {.method = "GET",
           .url = identity_url_.empty() ? credentials.instance_url + "/services/oauth2/userinfo" : identity_url_,
           .headers = {{"Authorization", "Bearer " + credentials.access_token}, {"Accept", "application/json"}}});
    }
    if (!answer) return std::unexpected(std::move(answer).error());
    // These two resources have a refusal of their own: 403 "Bad_OAuth_Token".
    const bool stale = answer->status == 401 || (answer->status == 403 && answer->body.contains("OAuth_Token"));
    if (stale && !last) {
      ASSIGN_OR_RETURN(credentials, renewed(credentials.access_token));
      continue;
    }
    if (answer->status != 200) return std::unexpected(error_from(*answer, {.what = "say who we are"}));
    Identity identity;
    JsonReader reader;
    if (JsonObject object; reader.open(answer->body) && !reader.root().get_object().get(object)) {
      identity.org_id = text_at(object, "organization_id");
      identity.user_id = text_at(object, "user_id");
      identity.username = text_at(object, "username");
      if (identity.username.empty()) identity.username = text_at(object, "preferred_username");
    }
    if (identity.org_id.empty() || identity.user_id.empty())
      return base::failure(ErrorKind::malformed, "Salesforce's answer does not say whose token we hold.");
    return identity;
  }
  std::unreachable();
}

}  // namespace salesforce
