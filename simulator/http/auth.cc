#include "simulator/http/auth.h"

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

#include "simulator/http/answers.h"
#include "simulator/http/router.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view oauth_path = "/services/oauth2/", identity_path = "/id/", key_set_path = "/id/keys";
constexpr std::uint64_t sync_user = 1;

ApiError invalid_session(std::string message) { return {401, "INVALID_SESSION_ID", std::move(message)}; }

std::string_view token_in(std::string_view authorization) {
  if (authorization.starts_with("Bearer ")) return authorization.substr(7);
  if (unconfirmed::oauth_scheme_is_accepted && authorization.starts_with("OAuth ")) return authorization.substr(6);
  return {};
}

Reply plain(int status, std::string_view text) {
  Reply reply{status, std::string{text}};
  reply.content_type = "text/plain;charset=UTF-8";
  return reply;
}

bool has_scope(std::string_view scopes, std::string_view wanted) {
  for (std::size_t from = 0; from <= scopes.size();) {
    const std::size_t end = std::min(scopes.find(' ', from), scopes.size());
    if (scopes.substr(from, end - from) == wanted) return true;
    from = end + 1;
  }
  return false;
}

}  // namespace

Reply oauth_error(std::string_view code, std::string_view description, int status) {
  return {status, json::serialize(json::object{{"error", code}, {"error_description", readable(std::string{description})}}),
          {{"Cache-Control", "no-store"}, {"Pragma", "no-cache"}}};
}

Auth::Auth(OrgAccess access, AuthOptions options)
    : access_(access),
      options_(std::move(options)),
      apps_{{options_.client_id, options_.client_secret, "Your application", options_.redirect_uris},
            // Every org knows Salesforce's own command line as an application without a secret.
            {"PlatformCLI", "", "Salesforce CLI", {"http://localhost:1717/OauthRedirect"}}},
      settings_(options_.settings),
      grants_(options_.seed ? base::Random{*options_.seed} : base::random_from_system()) {
  if (!options_.refresh_token.empty())
    grants_.add_grant({sync_user, options_.client_id, "api refresh_token", options_.refresh_token, true,
                       access_.org.clock().now()});
}

bool Auth::App::may_use(std::string_view redirect_uri) const {
  if (!redirect_uris.empty()) return std::ranges::find(redirect_uris, redirect_uri) != redirect_uris.end();
  for (const std::string_view host : {"http://localhost", "http://127.0.0.1", "http://[::1]"})
    if (redirect_uri.starts_with(host) &&
        (redirect_uri.size() == host.size() || std::string_view{":/?"}.contains(redirect_uri[host.size()])))
      return true;
  return false;
}

const Auth::App* Auth::app(std::string_view id) const {
  const auto found = std::ranges::find(apps_, id, &App::id);
  return found == apps_.end() ? nullptr : &*found;
}

bool Auth::password_fits(std::string_view password) const {
  return password == options_.password || password == options_.password + options_.security_token;
}

std::optional<Person> Auth::user(std::uint64_t number) const {
  const std::lock_guard lock{access_.mutex};
  return person(access_.org, number);
}

std::optional<Person> Auth::user_named(std::string_view username) const {
  const std::lock_guard lock{access_.mutex};
  return person_named(access_.org, username);
}

AuthSettings Auth::settings() const {
  const std::lock_guard lock{mutex_};
  return settings_;
}

void Auth::set(const AuthSettings& settings) {
  const std::lock_guard lock{mutex_};
  settings_ = settings;
}

void Auth::expire_sessions() {
  const std::lock_guard lock{mutex_};
  grants_.expire_sessions();
}

void Auth::revoke_grants() {
  const std::lock_guard lock{mutex_};
  grants_.expire_sessions();
  grants_.revoke_grants();
}

std::optional<Session> Auth::living(std::string_view access_token) {
  std::optional<Session> found;
  {
    const std::lock_guard lock{mutex_};
    const base::Utc now = access_.org.clock().now();
    if (const Session* session = grants_.session(access_token); session && session->expires > now) {
      if (unconfirmed::sessions_slide) grants_.prolong(access_token, now + settings_.token_lifetime);
      found = *session;
    }
  }
  if (!found) return std::nullopt;
  const auto who = user(found->user);
  return who && who->active ? found : std::nullopt;
}

Outcome<Session> Auth::session_of(std::string_view authorization) {
  const std::string_view token = token_in(authorization);
  if (token.empty() && !authorization.empty())
    return refusal(unconfirmed::bad_auth_header_status, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE");
  auto session = living(token);
  if (!session) return std::unexpected(invalid_session("Session expired or invalid"));
  if (!has_scope(session->scope, "api") && !has_scope(session->scope, "full"))
    return std::unexpected(invalid_session("This session is not valid for use with the REST API"));
  return *std::move(session);
}

std::optional<Reply> Auth::answer(const http::Request& request) {
  if (request.path == key_set_path) return Reply{200, signer_.key_set()};
  if (request.path.starts_with(identity_path)) return identity(request);
  if (!request.path.starts_with(oauth_path)) return std::nullopt;
  const std::string_view name = std::string_view{request.path}.substr(oauth_path.size());
  if (name == "token") return token(request);
  if (name == "authorize") return authorize(request);
  if (name == "revoke") return revoke(request);
  if (name == "introspect") return introspect(request);
  if (name == "userinfo") return identity(request);
  return std::nullopt;
}

Reply Auth::issue(const http::Request& request, const Issue& what) {
  const base::Utc now = access_.org.clock().now();
  const std::string base = base_url(request), id = identity_url(what.user, base);
  const std::string issued_at = std::to_string(now.time_since_epoch().count());
  json::object answer;
  {
    const std::lock_guard lock{mutex_};
    answer["access_token"] =
        grants_.open_session({what.user.number, what.app->id, what.scope, now, now + settings_.token_lifetime, what.grant});
    if (what.shows_refresh_token)
      if (const Grant* grant = grants_.grant(what.grant)) answer["refresh_token"] = grant->refresh_token;
  }
  answer["signature"] = base64(hmac_sha256(what.app->secret, id + issued_at));
  answer["scope"] = what.scope;
  if (has_scope(what.scope, "openid")) {
    json::object claims{{"iss", base},
                        {"sub", id},
                        {"aud", what.app->id},
                        {"iat", std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()},
                        {"exp", std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() + 120}};
    if (!what.nonce.empty()) claims["nonce"] = what.nonce;
    answer["id_token"] = signer_.sign(claims);
  }
  answer["instance_url"] = base;
  answer["id"] = id;
  answer["token_type"] = "Bearer";
  answer["issued_at"] = issued_at;
  return {200, json::serialize(answer), {{"Cache-Control", "no-store"}, {"Pragma", "no-cache"}}};
}

Reply Auth::revoke(const http::Request& request) {
  std::string token = parameter(request.body, "token");
  if (token.empty()) token = parameter(request.query, "token");
  const std::lock_guard lock{mutex_};
  if (grants_.revoke(token)) return {200, "", {{"Cache-Control", "no-store"}}};
  Reply reply{400, "error=invalid_token&error_description=" + http::percent_encode("invalid token: expired or unknown")};
  reply.content_type = "application/x-www-form-urlencoded";
  return reply;
}

Reply Auth::introspect(const http::Request& request) {
  if (request.method != "POST") return oauth_error("invalid_request", "must use HTTP POST");
  Form form;
  const auto asking = client(request, form);
  if (!asking) return asking.error();
  if (!asking->proved) return oauth_error("invalid_client", "invalid client credentials");
  const auto session = living(form["token"]);
  if (!session || session->client_id != asking->app->id) return {200, R"({"active":false})"};
  const auto who = user(session->user);
  const auto seconds = [](base::Utc moment) { return std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count(); };
  return {200, json::serialize(json::object{{"active", true},
                                            {"scope", session->scope},
                                            {"client_id", session->client_id},
                                            {"username", who->username},
                                            {"sub", identity_url(*who, base_url(request))},
                                            {"token_type", "access_token"},
                                            {"exp", seconds(session->expires)},
                                            {"iat", seconds(session->issued)},
                                            {"nbf", seconds(session->issued)}})};
}

Reply Auth::identity(const http::Request& request) {
  std::string token{token_in(request.header("authorization"))};
  if (token.empty()) token = parameter(request.query, "access_token");
  if (token.empty()) token = parameter(request.query, "oauth_token");
  const auto session = living(token);
  if (!session) return plain(unconfirmed::bad_identity_token_status, unconfirmed::bad_identity_token_text);
  const auto who = user(session->user);
  const std::string base = base_url(request);
  if (!request.path.starts_with(identity_path)) return {200, userinfo_json(*who, base)};
  const auto parts = segments(request.path);
  const auto is = [](const std::string& id, const std::string& other) { return parse_id(id) == parse_id(other); };
  if (parts.size() < 3 || !is(parts[1], organization_id())) return plain(403, "Wrong_Org");
  if (!is(parts[2], who->id)) return plain(403, "Bad_Id");
  return {200, identity_json(*who, base)};
}

}  // namespace simulator
