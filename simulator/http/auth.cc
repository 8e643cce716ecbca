#include "simulator/http/auth.h"

#include <boost/json.hpp>
#include <tuple>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view org_id = "00D000000000SIMEA0";
constexpr std::uint64_t sync_user = 1;

/// The pair in "Basic base64(id:secret)".
std::optional<std::pair<std::string, std::string>> basic_credentials(std::string_view header) {
  if (!header.starts_with("Basic ")) return std::nullopt;
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string decoded;
  unsigned bits = 0, pending = 0;
  for (const char c : header.substr(6)) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) break;
    bits = (bits << 6 | static_cast<unsigned>(digit)) & 0xFFFFFF;
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    decoded += static_cast<char>(bits >> pending & 0xFF);
  }
  const auto colon = decoded.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return std::pair{http::percent_decode(decoded.substr(0, colon), true),
                   http::percent_decode(decoded.substr(colon + 1), true)};
}

std::string base_url(const http::Request& request) { return "http://" + std::string{request.header("host")}; }

}  // namespace

std::optional<Reply> Auth::answer(const http::Request& request) {
  if (request.path == "/services/oauth2/token") return token(request);
  return std::nullopt;
}

std::optional<Reply> Auth::answer_signed_in(const http::Request& request, std::uint64_t user_number) const {
  if (!request.path.starts_with("/id/") && request.path != "/services/oauth2/userinfo") return std::nullopt;
  const std::string id = org_.id_of({user, user_number});
  return Reply{200, json::serialize(json::object{{"id", base_url(request) + "/id/" + std::string{org_id} + "/" + id},
                                                 {"user_id", id},
                                                 {"organization_id", org_id},
                                                 {"username", "sync.user@sfsim.example"},
                                                 {"preferred_username", "sync.user@sfsim.example"},
                                                 {"active", true}})};
}

std::optional<std::uint64_t> Auth::user_of(std::string_view authorization) const {
  if (!authorization.starts_with("Bearer ")) return std::nullopt;
  const std::lock_guard lock{mutex_};
  const auto session = sessions_.find(authorization.substr(7));
  if (session == sessions_.end() || session->second.expires <= org_.clock().now()) return std::nullopt;
  return session->second.user;
}

void Auth::expire_tokens() {
  const std::lock_guard lock{mutex_};
  sessions_.clear();
}

Reply Auth::token(const http::Request& request) {
  const auto refuse = [](const char* code, const char* text) {
    return Reply{400, json::serialize(json::object{{"error", code}, {"error_description", text}}),
                 {{"Cache-Control", "no-store"}}};
  };
  std::map<std::string, std::string> form;
  for (auto& [key, value] : http::parse_form(request.body)) form[key] = value;
  if (const auto basic = basic_credentials(request.header("authorization")))
    std::tie(form["client_id"], form["client_secret"]) = *basic;
  if (form["client_id"] != options_.client_id) return refuse("invalid_client_id", "client identifier invalid");
  const std::string& grant = form["grant_type"];
  const bool confidential = grant == "client_credentials" || form.contains("client_secret");
  if (confidential && form["client_secret"] != options_.client_secret)
    return refuse("invalid_client", "invalid client credentials");
  if (grant == "refresh_token") {
    if (form["refresh_token"] != options_.refresh_token)
      return refuse("invalid_grant", "expired access/refresh token");
  } else if (grant != "client_credentials") {
    return refuse("unsupported_grant_type", "grant type not supported");
  }
  const std::lock_guard lock{mutex_};
  const std::string token = std::string{org_id.substr(0, 15)} + "!sfsim." + std::to_string(++issued_);
  sessions_[token] = {sync_user, org_.clock().now() + options_.token_lifetime};
  json::object answer{{"access_token", token},
                      {"instance_url", base_url(request)},
                      {"id", base_url(request) + "/id/" + std::string{org_id} + "/" + org_.id_of({user, sync_user})},
                      {"token_type", "Bearer"},
                      {"scope", "api refresh_token"},
                      {"issued_at", std::to_string(org_.clock().now().time_since_epoch().count())}};
  return {200, json::serialize(answer), {{"Cache-Control", "no-store"}}};
}

}  // namespace simulator
