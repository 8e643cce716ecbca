#include <boost/json.hpp>
#include <set>
#include <tuple>

#include "simulator/http/answers.h"
#include "simulator/http/auth.h"
#include "simulator/http/authorize_page.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::uint64_t sync_user = 1;
constexpr std::string_view default_scope = "api refresh_token";
constexpr std::string_view jwt_grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::size_t challenge_length = 43;
const std::set<std::string, std::less<>> known_scopes = {
    "address", "api",    "chatter_api",    "content", "custom_permissions", "email",         "full", "id",
    "offline_access", "openid", "phone", "profile", "refresh_token", "visualforce", "web"};

/// The pair in "Basic base64(id:secret)".
std::optional<std::pair<std::string, std::string>> basic_credentials(std::string_view header) {
  if (!unconfirmed::basic_credentials_for_every_flow || !header.starts_with("Basic ")) return std::nullopt;
  const auto decoded = from_base64(header.substr(6));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return std::pair{http::percent_decode(decoded->substr(0, colon), true),
                   http::percent_decode(decoded->substr(colon + 1), true)};
}

/// The scopes asked for in one order and once each; nothing if one is unknown.
std::optional<std::string> scopes_in(std::string_view text) {
  std::set<std::string> asked;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(" +,", from), text.size());
    if (end > from) asked.emplace(text.substr(from, end - from));
    from = end + 1;
  }
  if (asked.empty()) return std::string{default_scope};
  std::string scope;
  for (const std::string& one : asked) {
    if (!known_scopes.contains(one)) return std::nullopt;
    scope += (scope.empty() ? "" : " ") + one;
  }
  return scope;
}

bool gives_refresh_token(std::string_view scope) {
  return scope.contains("refresh_token") || scope.contains("offline_access");
}

Reply html(int status, std::string text) {
  Reply reply{status, std::move(text), {{"Cache-Control", "no-store"}}};
  reply.content_type = "text/html;charset=UTF-8";
  return reply;
}

Reply redirect(const std::string& uri, const std::vector<std::pair<std::string, std::string>>& parameters) {
  // A decoded parameter may hold a line end, and this goes into a header.
  std::string location;
  for (const char c : uri) {
    const bool printable = static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
    location += printable ? std::string(1, c) : http::percent_encode({&c, 1});
  }
  for (const auto& [name, value] : parameters)
    if (!value.empty())
      location += (location.contains('?') ? "&" : "?") + name + "=" + http::percent_encode(value);
  Reply reply{302, "", {{"Location", location}, {"Cache-Control", "no-store"}}};
  reply.content_type.clear();
  return reply;
}

Reply denied(std::map<std::string, std::string>& form, std::string code, std::string description) {
  return redirect(form["redirect_uri"],
                  {{"error", std::move(code)}, {"error_description", std::move(description)}, {"state", form["state"]}});
}

}  // namespace

std::expected<Auth::Client, Reply> Auth::client(const http::Request& request, Form& form) const {
  for (auto& [key, value] : http::parse_form(request.body))
    if (!form.emplace(key, value).second)
      return std::unexpected(oauth_error("invalid_request", "duplicate parameter: " + key));
  if (const auto basic = basic_credentials(request.header("authorization")))
    std::tie(form["client_id"], form["client_secret"]) = *basic;
  const App* known = app(form["client_id"]);
  if (!known) return std::unexpected(oauth_error("invalid_client_id", "client identifier invalid"));
  const std::string& secret = form["client_secret"];
  if (!secret.empty() && secret != known->secret)
    return std::unexpected(oauth_error("invalid_client", "invalid client credentials"));
  return Client{known, !secret.empty() || known->secret.empty()};
}

Reply Auth::token(const http::Request& request) {
  if (request.method != "POST") return oauth_error("invalid_request", "must use HTTP POST");
  const std::string grant = parameter(request.body, "grant_type");
  Form form;
  if (grant == jwt_grant) {
    for (auto& [key, value] : http::parse_form(request.body)) form[key] = value;
    return from_assertion(request, form);
  }
  if (grant != "authorization_code" && grant != "refresh_token" && grant != "client_credentials" && grant != "password")
    return oauth_error("unsupported_grant_type", "grant type not supported");
  const auto asking = client(request, form);
  if (!asking) return asking.error();
  if (grant == "authorization_code") return from_code(request, form, *asking);
  if (grant == "refresh_token") return from_refresh_token(request, form, *asking);
  if (!asking->proved || asking->app->secret.empty()) return oauth_error("invalid_client", "invalid client credentials");
  if (grant == "password") return from_password(request, form, *asking);
  const auto run_as = user(sync_user);
  if (!run_as || !run_as->active) return oauth_error("invalid_grant", "no client credentials user enabled");
  return issue(request, {asking->app, *run_as, "api"});
}

Reply Auth::from_code(const http::Request& request, Form& form, const Client& client) {
  if (form["code"].empty()) return oauth_error("invalid_request", "missing required parameter: code");
  std::optional<Code> code;
  base::Utc now = access_.org.clock().now();
  {
    const std::lock_guard lock{mutex_};
    code = grants_.take_code(form["code"]);
  }
  if (!code || code->client_id != client.app->id) return oauth_error("invalid_grant", "invalid authorization code");
  if (now - code->issued > unconfirmed::authorization_code_life)
    return oauth_error("invalid_grant", "expired authorization code");
  if (form["redirect_uri"] != code->redirect_uri)
    return oauth_error("redirect_uri_mismatch", "redirect_uri must match configuration");
  const std::string& verifier = form["code_verifier"];
  if (!code->challenge.empty() && verifier.empty()) return oauth_error("invalid_grant", "missing code verifier");
  if (!verifier.empty() && base64url(sha256(verifier)) != code->challenge)
    return oauth_error("invalid_request", "invalid code verifier");
  if (!client.proved && code->challenge.empty()) return oauth_error("invalid_client", "invalid client credentials");
  const auto who = user(code->user);
  if (!who || !who->active) return oauth_error("invalid_grant", unconfirmed::inactive_user_text);
  std::uint64_t grant = 0;
  if (gives_refresh_token(code->scope)) {
    const std::lock_guard lock{mutex_};
    grant = grants_.add_grant({code->user, client.app->id, code->scope, "", !client.proved, now});
  }
  return issue(request, {client.app, *who, code->scope, grant, true, code->nonce});
}

Reply Auth::from_refresh_token(const http::Request& request, Form& form, const Client& client) {
  const Reply dead = oauth_error("invalid_grant", "expired access/refresh token");
  const base::Utc now = access_.org.clock().now();
  std::uint64_t id = 0;
  std::optional<Grant> grant;
  bool rotate = false;
  {
    const std::lock_guard lock{mutex_};
    const auto found = grants_.grant_of(form["refresh_token"]);
    if (!found) return dead;
    id = *found;
    grant = *grants_.grant(id);
    if (grant->client_id != client.app->id) return dead;
    if (!client.proved && !grant->public_client) return oauth_error("invalid_client", "invalid client credentials");
    if (settings_.refresh_token_idle.count() > 0 && now - grant->last_used > settings_.refresh_token_idle) {
      grants_.revoke_grant(id);
      return dead;
    }
    rotate = settings_.rotate_refresh_tokens;
    grants_.use(id, rotate, now);
  }
  const auto who = user(grant->user);
  if (!who || !who->active) return oauth_error("invalid_grant", unconfirmed::inactive_user_text);
  return issue(request, {client.app, *who, grant->scope, id, rotate});
}

Reply Auth::from_password(const http::Request& request, Form& form, const Client& client) {
  const auto who = user_named(form["username"]);
  if (!who || !password_fits(form["password"])) return oauth_error("invalid_grant", "authentication failure");
  if (!who->active) return oauth_error("invalid_grant", unconfirmed::inactive_user_text);
  return issue(request, {client.app, *who, std::string{default_scope}});
}

Reply Auth::from_assertion(const http::Request& request, Form& form) {
  const auto jwt = parse_jwt(form["assertion"]);
  if (!jwt || text_at(jwt->header, "alg") != "RS256") return oauth_error("invalid_grant", "invalid assertion");
  const App* asking = app(text_at(jwt->claims, "iss"));
  if (!asking) return oauth_error("invalid_client_id", "client identifier invalid");
  if (!options_.jwt_key || !options_.jwt_key->verifies(jwt->signed_text, jwt->signature))
    return oauth_error("invalid_grant", "invalid assertion");
  const std::string audience = text_at(jwt->claims, "aud"), base = base_url(request);
  const std::string_view login = options_.sandbox ? "https://test.salesforce.com" : "https://login.salesforce.com";
  if (audience != login && audience != base && audience != base + "/services/oauth2/token")
    return oauth_error("invalid_grant", "Audience validation failed");
  const json::value* exp = jwt->claims.if_contains("exp");
  const auto now = std::chrono::floor<std::chrono::seconds>(access_.org.clock().now()).time_since_epoch();
  const std::int64_t expires = exp && exp->is_int64() ? exp->as_int64() : 0;
  if (expires <= now.count()) return oauth_error("invalid_grant", "expired authorization code");
  if (unconfirmed::jwt_longest_life.count() > 0 && expires > (now + unconfirmed::jwt_longest_life).count())
    return oauth_error("invalid_grant", "invalid assertion");
  const auto who = user_named(text_at(jwt->claims, "sub"));
  if (who && !who->active) return oauth_error("invalid_grant", unconfirmed::inactive_user_text);
  {
    const std::lock_guard lock{mutex_};
    if (!who || (!settings_.jwt_preauthorized && !grants_.has_grant(who->number, asking->id)))
      return oauth_error("invalid_grant", "user hasn't approved this consumer");
  }
  Reply reply = issue(request, {asking, *who, "api"});
  json::object answer = json::parse(reply.body).as_object();
  answer.erase("signature");
  answer.erase("issued_at");
  reply.body = json::serialize(answer);
  return reply;
}

Reply Auth::authorize(const http::Request& request) {
  Form form;
  for (const std::string_view encoded : {std::string_view{request.query}, std::string_view{request.body}})
    for (auto& [key, value] : http::parse_form(encoded)) form.emplace(key, value);
  const App* asking = app(form["client_id"]);
  if (!asking) return html(400, html_of_error("invalid_client_id", "client identifier invalid"));
  std::string& uri = form["redirect_uri"];
  if (uri.empty() && asking->redirect_uris.size() == 1) uri = asking->redirect_uris.front();
  if (!asking->may_use(uri)) return html(400, html_of_error("redirect_uri_mismatch", "redirect_uri must match configuration"));
  const AuthSettings set = settings();
  if (form["response_type"] != "code") return denied(form, "unsupported_response_type", "response type not supported");
  const auto scope = scopes_in(form["scope"]);
  if (!scope) return denied(form, "invalid_scope", "the requested scope is not allowed");
  const std::string &challenge = form["code_challenge"], &method = form["code_challenge_method"];
  if (!method.empty() && (method != "S256" || !unconfirmed::challenge_method_is_accepted))
    return denied(form, "invalid_request", "code challenge method not supported, use S256");
  if (!challenge.empty() && (challenge.size() != challenge_length || !from_base64url(challenge)))
    return denied(form, "invalid_request", "invalid code challenge");
  if (challenge.empty() && set.require_pkce) return denied(form, "invalid_request", "missing required code challenge");
  form["scope"] = *scope;

  const std::string& hint = form["login_hint"];
  const auto suggested = hint.empty() ? user(sync_user) : user_named(hint);
  if (set.auto_approve || form["auto_approve"] == "true" || form["auto_approve"] == "1") {
    if (!suggested || !suggested->active) return denied(form, "access_denied", "the user is unknown or inactive");
    return consent(form, *asking, *suggested);
  }
  if (form["immediate"] == "true") return denied(form, "immediate_unsuccessful", "immediate unsuccessful");
  AuthorizePage page{request.query, asking->name, suggested ? suggested->username : hint, options_.password, *scope};
  if (request.method != "POST" || form["decision"].empty()) return html(200, html_of(page));
  if (form["decision"] != "allow") return denied(form, "access_denied", "end-user denied authorization");
  const auto who = user_named(form["username"]);
  if (who && who->active && password_fits(form["password"])) return consent(form, *asking, *who);
  page.username = form["username"];
  page.problem = "Please check your username and password.";
  return html(200, html_of(page));
}

Reply Auth::consent(Form& form, const App& app, const Person& who) {
  std::string code;
  {
    const std::lock_guard lock{mutex_};
    code = grants_.add_code({who.number, app.id, form["scope"], form["redirect_uri"], form["code_challenge"],
                             form["nonce"], access_.org.clock().now()});
  }
  return redirect(form["redirect_uri"], {{"code", code}, {"state", form["state"]}});
}

}  // namespace simulator
