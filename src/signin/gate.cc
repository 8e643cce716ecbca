#include "signin/gate.h"

#include <openssl/crypto.h>
#include <algorithm>

#include "http/problem.h"
#include "security/seal.h"
#include "signin/page.h"
#include "signin/password.h"

namespace signin {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::minutes idle{30}, longest{12 * 60}, setup_time{15};
constexpr std::size_t most_sessions = 1000;
constexpr int free_tries = 5;

bool is_read(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

std::string origin_of(std::string_view url) {
  const auto host = url.find("://");
  if (host == std::string_view::npos) return {};
  return std::string{url.substr(0, url.find('/', host + 3))};
}

bool equal(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string cookie(const http::Request& request, std::string_view name) {
  std::string_view rest = request.header("cookie");
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return std::string{pair.substr(name.size() + 1)};
  }
  return {};
}

std::string field(const std::vector<std::pair<std::string, std::string>>& form, std::string_view name) {
  const auto found = std::ranges::find(form, name, [](const auto& pair) { return std::string_view{pair.first}; });
  return found == form.end() ? std::string{} : found->second;
}

}  // namespace

Gate::Gate(GateOptions options, const base::Clock& clock)
    : options_(std::move(options)),
      secure_(options_.public_url.starts_with("https://")),
      clock_(clock),
      password_hash_(options_.admin_password_hash) {}

std::optional<std::string> Gate::setup() {
  const std::lock_guard lock{mutex_};
  if (!password_hash_.empty()) return std::nullopt;
  std::string password = security::random_hex(12);
  setup_hash_ = sha256_hex(password);
  setup_until_ = clock_.elapsed() + setup_time;
  return password;
}

bool Gate::is_our_host(const http::Request& request) const {
  return std::ranges::find(options_.hosts, request.header("host")) != options_.hosts.end();
}

/// A change comes from one of our own pages, or from no page at all. Source: Fetch Metadata, Origin (RFC 6454).
bool Gate::is_our_page(const http::Request& request) const {
  const std::string_view origin = request.header("origin"), site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  if (origin.empty()) return !site.empty();
  const std::string host{request.header("host")};
  return origin == "http://" + host || origin == "https://" + host || origin == origin_of(options_.public_url);
}

std::optional<Who> Gate::by_token(std::string_view token) const {
  const std::string hash = sha256_hex(token);
  const auto found = std::ranges::find_if(options_.tokens, [&](const Token& t) { return equal(t.sha256, hash); });
  if (found == options_.tokens.end()) return std::nullopt;
  return Who{found->name, found->role};
}

std::optional<Who> Gate::known(const http::Request& request) {
  if (const std::string_view given = request.header("authorization"); given.starts_with("Bearer "))
    return by_token(given.substr(7));
  const std::string id = cookie(request, cookie_name());
  if (id.empty()) return std::nullopt;
  const std::lock_guard lock{mutex_};
  const auto session = sessions_.find(sha256_hex(id));
  if (session == sessions_.end()) return std::nullopt;
  const auto now = clock_.elapsed();
  if (now - session->second.used > idle || now - session->second.started > longest) {
    sessions_.erase(session);
    return std::nullopt;
  }
  session->second.used = now;
  return session->second.who;
}

std::optional<http::Response> Gate::refuse_or_answer(const http::Request& request, Who& who) {
  if (!is_our_host(request))
    return http::problem(421, "this host name is not ours: set server.public_url to the address in use");
  if (request.path == "/sign-in.css" && is_read(request.method)) return style_sheet();
  const bool by_bearer = request.header("authorization").starts_with("Bearer ");
  if (!is_read(request.method) && !by_bearer && !is_our_page(request))
    return http::problem(403, "a change must come from a page of this server, or carry a bearer token");
  if (request.path == "/sign-in") return sign_in(request);
  if (request.path == "/sign-out" && request.method == "POST") return sign_out(request);
  if (auto found = known(request)) {
    who = *std::move(found);
    return std::nullopt;
  }
  const bool person = request.method == "GET" && request.header("accept").find("text/html") != std::string_view::npos;
  if (!person) return http::problem(401, "sign in at /sign-in, or send a token of security.tokens as a bearer token");
  return http::Response{303, {{"Location", "/sign-in?next=" + http::percent_encode(request.path)}}, {}, {}, false};
}

http::Response Gate::sign_in(const http::Request& request) {
  std::string password_hash;
  bool setting_up = false, closed = false;
  {
    const std::lock_guard lock{mutex_};
    password_hash = password_hash_;
    setting_up = password_hash.empty();
    closed = clock_.elapsed() < closed_until_;
  }
  if (is_read(request.method))
    return sign_in_page(200, safe_next(field(http::parse_form(request.query), "next")), setting_up, "");
  const auto form = http::parse_form(request.body);
  const std::string next = safe_next(field(form, "next")), password = field(form, "password");
  if (closed)
    return sign_in_page(429, next, setting_up, "Too many wrong passwords. Wait half a minute, then try again.");

  std::optional<Who> who = by_token(password);
  if (!who && setting_up) {
    bool fits_once = false;
    {
      const std::lock_guard lock{mutex_};
      fits_once = !setup_hash_.empty() && clock_.elapsed() < setup_until_ && equal(setup_hash_, sha256_hex(password));
    }
    if (fits_once) {
      const auto chosen = hash_of(field(form, "chosen"));
      if (!chosen) return sign_in_page(400, next, true, chosen.error().message);
      const std::lock_guard lock{mutex_};
      if (setup_hash_.empty()) return sign_in_page(403, next, false, "The one-time password was used meanwhile.");
      if (!options_.keep_password || !options_.keep_password(*chosen))
        return sign_in_page(500, next, true, "The password could not be stored: see the log of lockstep serve.");
      password_hash_ = *chosen;
      setup_hash_.clear();
      who = Who{"admin", Role::admin};
    }
  } else if (!who && fits(password, password_hash)) {
    who = Who{"admin", Role::admin};
  }
  if (!who) {
    const std::lock_guard lock{mutex_};
    if (++wrong_tries_ >= free_tries) closed_until_ = clock_.elapsed() + 30s;
    return sign_in_page(
        403, next, setting_up,
        setting_up ? "That is not the one-time password, or its 15 minutes are over: start lockstep serve again "
                     "for a new one."
                   : "That is neither the password nor an access token.");
  }
  return begin_session(*who, next);
}

http::Response Gate::begin_session(const Who& who, const std::string& next) {
  const std::string id = security::random_hex(32);
  const std::lock_guard lock{mutex_};
  wrong_tries_ = 0;
  const auto now = clock_.elapsed();
  std::erase_if(sessions_, [&](const auto& entry) {
    return now - entry.second.used > idle || now - entry.second.started > longest;
  });
  if (sessions_.size() >= most_sessions)
    sessions_.erase(std::ranges::min_element(sessions_, {}, [](const auto& entry) { return entry.second.used; }));
  sessions_[sha256_hex(id)] = {who, now, now};
  return {
      303,
      {{"Location", next},
       {"Set-Cookie", cookie_name() + "=" + id + "; Path=/; HttpOnly; SameSite=Strict" + (secure_ ? "; Secure" : "")},
       {"Cache-Control", "no-store"}},
      {},
      {},
      false};
}

http::Response Gate::sign_out(const http::Request& request) {
  const std::lock_guard lock{mutex_};
  sessions_.erase(sha256_hex(cookie(request, cookie_name())));
  return {
      303,
      {{"Location", "/sign-in"},
       {"Set-Cookie", cookie_name() + "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0" + (secure_ ? "; Secure" : "")},
       {"Clear-Site-Data", "\"cache\", \"storage\""}},
      {},
      {},
      false};
}

}  // namespace signin
