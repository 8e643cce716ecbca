#include "daemon/connect_pages.h"

#include "base/log.h"
#include "daemon/loopback.h"

namespace daemon_process {
namespace {

constexpr std::string_view connect_path = "/api/integrations/salesforce/connect";
constexpr std::string_view cookie = "lockstep_connect";
constexpr std::chrono::minutes patience{15};
constexpr std::size_t most_pending = 100;

http::Response page(int status, std::string_view heading, std::string_view sentence) {
  return {status,
          {{"Content-Type", "text/html; charset=utf-8"},
           {"Cache-Control", "no-store"},
           {"Content-Security-Policy", "default-src 'none'"}},
          simple_page(heading, sentence),
          {},
          false};
}

/// The value of our cookie, or nothing.
std::string_view browser_of(const http::Request& request) {
  std::string_view rest = request.header("cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    std::string_view one = rest.substr(0, end);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(cookie) && one.substr(cookie.size()).starts_with('=')) return one.substr(cookie.size() + 1);
    rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
  }
  return {};
}

std::string cookie_header(const settings::Settings& settings, const std::string& value) {
  return std::string{cookie} + "=" + value + "; Path=/api/integrations/salesforce; HttpOnly; SameSite=Lax; Max-Age=" +
         std::to_string(std::chrono::seconds{patience}.count()) +
         (settings.server.public_url.starts_with("https:") ? "; Secure" : "");
}

int status_of(const base::Error& error) {
  switch (error.kind) {
    case base::ErrorKind::settings:
    case base::ErrorKind::rejected:
      return 400;
    case base::ErrorKind::unauthorized:
      return 403;
    default:
      return 502;
  }
}

}  // namespace

bool ConnectPages::serves(std::string_view path) {
  return path == connect_path || path == callback_path;
}

http::Response ConnectPages::answer(const http::Request& request, bool may_connect) {
  if (request.method != "GET") return page(405, "Not so", "This address is for a browser to go to.");
  if (request.path == callback_path) return finish(request);
  if (!may_connect) return page(403, "Not allowed", "Only an administrator connects an org.");
  return begin(request);
}

http::Response ConnectPages::begin(const http::Request& request) {
  ConnectRequest wanted{.flow = "web"};
  for (auto& [name, value] : http::parse_form(request.query)) {
    if (name == "workspace" && !value.empty()) wanted.workspace = std::move(value);
    if (name == "login_url") wanted.login_url = std::move(value);
  }
  auto registry = store::SqliteStore::open(app_.settings.store.sqlite_path, {.cache_kib = 256});
  if (!registry) return page(503, "Not now", registry.error().message);
  auto draft = draft_connection(app_, **registry, wanted);
  if (!draft) return page(status_of(draft.error()), "Not connected", draft.error().message);
  const std::string& login = draft->sign_in.login_url;
  if (login != app_.settings.salesforce.login_url &&
      !salesforce::may_hold_org(login, salesforce::is_loopback(app_.settings.salesforce.login_url),
                                draft->sign_in.domains))
    return page(400, "Not connected",
                "login_url is not an address of Salesforce's. An org with a domain of its own needs "
                "LOCKSTEP_SALESFORCE_ALLOWED_DOMAINS.");
  Pending pending{.draft = *std::move(draft),
                  .consent = {},
                  .browser = security::random_hex(24),
                  .until = app_.clock.elapsed() + patience};
  pending.consent = consent_for(pending.draft, redirect_uri_of(app_.settings));
  http::Response response{303,
                          {{"Location", pending.consent.url},
                           {"Cache-Control", "no-store"},
                           {"Set-Cookie", cookie_header(app_.settings, pending.browser)}},
                          {},
                          {},
                          false};
  const std::lock_guard lock{mutex_};
  std::erase_if(pending_, [&](const auto& entry) { return entry.second.until < app_.clock.elapsed(); });
  if (pending_.size() >= most_pending)
    return page(429, "Not now", "Too many connections have been begun and not finished. Try again in 15 minutes.");
  pending_.emplace(pending.consent.state, std::move(pending));
  return response;
}

std::optional<ConnectPages::Pending> ConnectPages::take(const std::string& state, std::string_view browser) {
  const std::lock_guard lock{mutex_};
  const auto found = pending_.find(state);
  if (found == pending_.end() || found->second.until < app_.clock.elapsed() ||
      !base::same_secret(found->second.browser, browser))
    return std::nullopt;
  Pending pending = std::move(found->second);
  pending_.erase(found);
  return pending;
}

http::Response ConnectPages::finish(const http::Request& request) {
  const auto came = came_back_with(request.query);
  auto pending = take(came.state, browser_of(request));
  if (!pending)
    return page(
        400, "Not connected",
        "This answer does not belong to a connection that was begun in this browser within the last 15 minutes. "
        "Start it again.");
  const auto integration = connected(*std::move(pending), came);
  if (!integration) {
    base::log(base::LogLevel::warn, "connecting an org in the browser: " + integration.error().message);
    return page(status_of(integration.error()), "Not connected", integration.error().message);
  }
  base::log(base::LogLevel::info, "connected workspace " + integration->workspace + " to org " + integration->org_id);
  return page(200, "Connected",
              "Workspace " + integration->workspace + " is connected to org " + integration->org_id + " as " +
                  integration->username + ". `lockstep doctor` says whether anything is missing.");
}

base::Result<core::Integration> ConnectPages::connected(Pending pending, const salesforce::CameBack& came) {
  ASSIGN_OR_RETURN(const auto grant, salesforce::grant_after(pending.consent, came));
  ASSIGN_OR_RETURN(auto registry, store::SqliteStore::open(app_.settings.store.sqlite_path, {.cache_kib = 256}));
  return finish_connection(app_, *registry, std::move(pending.draft), grant, {});
}

}  // namespace daemon_process
