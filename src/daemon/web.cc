#include "daemon/web.h"

#include "base/log.h"
#include "daemon/budget_pages.h"
#include "daemon/runs_api.h"
#include "daemon/workers.h"
#include "http/problem.h"
#include "signin/password.h"

namespace daemon_process {
namespace {

constexpr const char* subject = "signin";
constexpr const char* note = "admin_password_hash";

http::Response plain(int status, const char* text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, text, {}, false};
}

/// "localhost:5000" of "http://localhost:5000/x".
std::string host_of(std::string_view url) {
  const auto begin = url.find("://");
  url.remove_prefix(begin == std::string_view::npos ? url.size() : begin + 3);
  return std::string{url.substr(0, url.find('/'))};
}

void harden(http::Response& response) {
  for (const auto& [name, value] :
       {std::pair{"X-Content-Type-Options", "nosniff"}, std::pair{"Referrer-Policy", "same-origin"},
        std::pair{"Cross-Origin-Opener-Policy", "same-origin"},
        std::pair{"Cross-Origin-Resource-Policy", "same-origin"}})
    response.headers.emplace_back(name, value);
}

}  // namespace

base::Result<std::unique_ptr<Web>> Web::open(const App& app, queue::JobQueue& queue, bool queue_has_server) {
  ASSIGN_OR_RETURN(auto registry, store::SqliteStore::open(app.settings.store.sqlite_path, {.cache_kib = 256}));
  std::unique_ptr<Web> web{new Web{app, std::move(registry), queue, queue_has_server}};
  signin::GateOptions& options = web->gate_options_;
  ASSIGN_OR_RETURN(options.tokens, signin::tokens_from(app.settings.security.tokens));
  options.public_url = app.settings.server.public_url;
  options.admin_password_hash = app.settings.security.admin_password_hash;
  if (!options.admin_password_hash.empty()) {
    RETURN_IF_ERROR(signin::check_hash(options.admin_password_hash));
  } else {
    ASSIGN_OR_RETURN(options.admin_password_hash, web->registry_->note(subject, note));
  }
  options.keep_password = [web = web.get()](const std::string& hash) {
    const std::lock_guard lock{web->registry_mutex_};
    const auto kept = web->registry_->change_note(subject, note, [&](const std::string&) { return hash; });
    if (!kept) base::log(base::LogLevel::error, "the password was not stored: " + kept.error().message);
    return kept.has_value();
  };
  web->listens_on(app.settings.server.port);
  return web;
}

Web::Web(const App& app, std::unique_ptr<store::SqliteStore> registry, queue::JobQueue& queue, bool queue_has_server)
    : settings_(app.settings),
      clock_(app.clock),
      registry_(std::move(registry)),
      queue_(queue),
      board_(queue, app.clock,
             {.base_path = "/admin/queues/",
              .queue_name = app.settings.queue.name,
              .title = "Lockstep queues",
              .has_server = queue_has_server}),
      connect_(app) {}

void Web::listens_on(std::uint16_t port) {
  const std::string end = ":" + std::to_string(port);
  const std::string& address = settings_.server.address;
  gate_options_.hosts = {host_of(settings_.server.public_url),
                         (address.contains(':') ? "[" + address + "]" : address) + end, "localhost" + end,
                         "127.0.0.1" + end, "[::1]" + end};
  gate_ = std::make_unique<signin::Gate>(gate_options_, clock_);
}

http::Response Web::answer(const http::Request& request) {
  if (request.path == "/healthz") return plain(200, "ok\n");
  if (request.path == "/readyz") return store_answers ? plain(200, "ok\n") : plain(503, "the store does not answer\n");
  if (ConnectPages::serves(request.path) && !ConnectPages::needs_sign_in(request.path)) {
    http::Response back = connect_.answer(request, false);
    harden(back);
    return back;
  }
  signin::Who who;
  if (auto answered = gate_->refuse_or_answer(request, who)) {
    harden(*answered);
    return *std::move(answered);
  }
  http::Response response;
  if (board_.serves(request.path)) {
    response = board_.handle(request, who.role != signin::Role::viewer);
  } else if (ConnectPages::serves(request.path)) {
    response = connect_.answer(request, who.role == signin::Role::admin);
  } else if (request.path == "/api/v1/runs") {
    const std::lock_guard lock{registry_mutex_};
    response = ask_for_runs(request, who, *registry_, queue_, kept_by(settings_), clock_.now());
  } else if (serves_budget(request.path)) {
    const std::lock_guard lock{registry_mutex_};
    response = answer_budget(request, *registry_, settings_, clock_);
  } else if (request.path == "/") {
    response = {303, {{"Location", "/admin/queues/"}}, {}, {}, false};
  } else {
    response = http::problem(404, "there is nothing at this path");
  }
  harden(response);
  return response;
}

}  // namespace daemon_process
