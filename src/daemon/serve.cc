#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "base/log.h"
#include "daemon/command.h"
#include "http/server.h"

namespace daemon_process {
namespace {

using namespace std::chrono_literals;

std::atomic<bool> store_answers{true};

http::Response answer(const http::Request& request) {
  const auto plain = [](int status, const char* text) {
    return http::Response{status, {{"Content-Type", "text/plain"}}, text, {}, false};
  };
  if (request.path == "/healthz") return plain(200, "ok\n");
  if (request.path == "/readyz") return store_answers ? plain(200, "ok\n") : plain(503, "the store does not answer\n");
  return {404, {{"Content-Type", "application/problem+json"}},
          R"({"type":"about:blank","title":"Not Found","status":404})", {}, false};
}

bool has_work(App& app, const core::Integration& integration) {
  if (!integration.next_sync_at || *integration.next_sync_at <= app.clock.now()) return true;
  const auto backlog = app.store->backlog(integration.id);
  return !backlog || std::ranges::any_of(*backlog, [](const core::Backlog& entry) { return entry.outbox > 0; });
}

}  // namespace

int serve(App& app) {
  auto server = http::Server::listen(app.settings.server.address, app.settings.server.port, answer);
  if (!server) {
    base::log(base::LogLevel::error, server.error().message);
    return exit_status_for(server.error());
  }
  base::log(base::LogLevel::info, "listening on http://" + app.settings.server.address + ":" +
                                      std::to_string((*server)->port()));
  // An edit in the store is sent within seconds; an attempt that left something behind is not repeated at once.
  std::map<model::IntegrationId, std::chrono::nanoseconds> not_before;
  while (!stop_requested) {
    auto integrations = app.store->integrations();
    store_answers = integrations.has_value();
    if (!integrations) {
      base::log(base::LogLevel::error, integrations.error().message);
    } else {
      for (core::Integration& integration : *integrations) {
        if (stop_requested) break;
        if (!integration.is_active || app.clock.elapsed() < not_before[integration.id]) continue;
        if (!has_work(app, integration)) continue;
        std::optional<base::Error> end;
        const auto run = sync_once(app, integration, {}, end);
        const bool clean = run && run->status == "completed";
        not_before[integration.id] = app.clock.elapsed() + (clean ? 1s : 60s);
        if (!run) {
          base::log(base::LogLevel::warn, run.error().message);
        } else {
          base::log(clean ? base::LogLevel::info : base::LogLevel::warn,
                    "run " + run->id.text + " " + run->status + ": " + std::to_string(run->successful) + " moved, " +
                        std::to_string(run->errors) + " errors, " + std::to_string(run->api_calls) + " API calls");
          for (const core::RunError& error : run->sync_errors) base::log(base::LogLevel::warn, error.message);
        }
      }
    }
    for (int i = 0; i < 10 && !stop_requested; ++i) std::this_thread::sleep_for(100ms);
  }
  (*server)->stop();
  return done;
}

void add_serve(CLI::App& cli, Commands& commands) {
  auto* command = cli.add_subcommand("serve", "Sync on schedule until SIGTERM");
  command->footer("Example: LOCKSTEP_SERVER_LISTEN=127.0.0.1:5000 lockstep serve");
  commands.push_back({command, serve});
}

}  // namespace daemon_process
