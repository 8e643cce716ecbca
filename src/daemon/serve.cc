#include <cstdio>
#include <thread>

#include "base/log.h"
#include "daemon/command.h"
#include "daemon/open_queue.h"
#include "daemon/watch.h"
#include "daemon/web.h"
#include "daemon/workers.h"
#include "http/server.h"

namespace daemon_process {
namespace {

using namespace std::chrono_literals;

constexpr auto drain_time = 8s;  ///< Of the ten seconds that a service manager waits.

base::Result<std::unique_ptr<http::Server>> listen(const App& app, Web& web) {
  const auto& its = app.settings.server;
  ASSIGN_OR_RETURN(
      auto server,
      http::Server::listen(its.address, its.port, [&web](const http::Request& request) { return web.answer(request); },
                           {.threads = 2}));
  base::log(base::LogLevel::info, "listening on http://" + its.address + ":" + std::to_string(server->port()));
  return server;
}

/// For the terminal alone: a log is read by more people than the terminal of the first start.
void tell_first_password(Web& web, const App& app, std::uint16_t port) {
  // A default that names another port would send the password to whoever listens there.
  const std::string& url = app.settings.server.public_url;
  const std::string site = url == settings::default_public_url ? "http://localhost:" + std::to_string(port) : url;
  if (const auto password = web.first_password())
    std::fprintf(stderr,
                 "\nNobody has chosen a password yet. Open %s/sign-in within 15 minutes, and sign in with the one-time "
                 "password\n\n    %s\n\n",
                 site.c_str(), password->c_str());
}

base::Result<void> serve_until_stopped(App& app) {
  ASSIGN_OR_RETURN(const OpenedQueue queue, open_queue(app.settings));
  ASSIGN_OR_RETURN(const auto web, Web::open(app, *queue.jobs, queue.has_server));
  ASSIGN_OR_RETURN(const auto server, listen(app, *web));
  web->listens_on(server->port());
  tell_first_password(*web, app, server->port());
  base::Outages outages{app.clock};
  ASSIGN_OR_RETURN(const auto workers, Workers::start(app.settings, *queue.jobs, outages));
  Watch watch{app, *queue.jobs, outages};
  while (!stop_requested) {
    web->store_answers = watch.look();
    for (int i = 0; i < 10 && !stop_requested; ++i) std::this_thread::sleep_for(100ms);
  }
  base::log(base::LogLevel::info, "stopping: jobs in hand end with their page and go on in the next daemon");
  if (!workers->drain(drain_time)) {
    base::log(base::LogLevel::warn,
              "a page did not end in time; its job was handed back, and the next run looks up "
              "what became of the last call");
    std::_Exit(done);  // Its thread cannot be ended otherwise. Every write is whole or not there.
  }
  server->stop();
  return {};
}

}  // namespace

int serve(App& app) {
  const auto served = serve_until_stopped(app);
  if (served) return done;
  base::log(base::LogLevel::error, served.error().message);
  return exit_status_for(served.error());
}

void add_serve(CLI::App& cli, Commands& commands) {
  auto* command = cli.add_subcommand("serve", "Sync on schedule until SIGTERM");
  command->footer("Example: LOCKSTEP_SERVER_LISTEN=127.0.0.1:5000 lockstep serve");
  commands.push_back({command, serve});
}

}  // namespace daemon_process
