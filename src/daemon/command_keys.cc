#include <cstdio>
#include <thread>

#include "daemon/command.h"
#include "daemon/connection.h"

namespace daemon_process {
namespace {

constexpr std::chrono::seconds patience{90};  ///< With a process that is signing in.

/// The right to change tokens; nobody signs in meanwhile.
base::Result<std::unique_ptr<salesforce::Vault::Turn>> turn_of(App& app, connection::StoreVault& vault) {
  const auto until = app.clock.elapsed() + patience;
  while (true) {
    ASSIGN_OR_RETURN(auto turn, vault.take_turn());
    if (turn) return turn;
    if (app.clock.elapsed() > until)
      return base::failure(base::ErrorKind::unreachable,
                           "another process has been signing in for more than a minute: try again later");
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
}

/// Seals anew what an older key sealed. Returns how many secrets that were.
base::Result<int> rotate(App& app, const model::IntegrationId& id) {
  connection::StoreVault vault{*app.store, *app.keys, id, app.clock};
  ASSIGN_OR_RETURN(const auto turn, turn_of(app, vault));
  ASSIGN_OR_RETURN(auto integrations, app.store->integrations());  // as it stands now that nobody else changes it
  const auto found = std::ranges::find(integrations, id, &core::Integration::id);
  if (found == integrations.end()) return 0;
  int sealed = 0;
  const auto seal_anew = [&](std::string& secret, std::string_view column) -> base::Result<void> {
    if (secret.empty() || app.keys->is_newest(secret)) return {};
    const std::string place = connection::place_of(id, column);
    ASSIGN_OR_RETURN(const auto plain, app.keys->open(secret, place));
    secret = app.keys->seal(plain.reveal(), place);
    ++sealed;
    return {};
  };
  RETURN_IF_ERROR(seal_anew(found->access_token, "access_token"));
  RETURN_IF_ERROR(seal_anew(found->refresh_token, "refresh_token"));
  RETURN_IF_ERROR(seal_anew(found->secret, "secret"));
  if (sealed > 0) RETURN_IF_ERROR(app.store->save_sealed(*found));
  return sealed;
}

int rotate_all(App& app) {
  const auto integrations = app.store->integrations();
  if (!integrations) return tell(integrations.error());
  int sealed = 0, status = done;
  for (const core::Integration& integration : *integrations) {
    const auto count = rotate(app, integration.id);
    if (count) {
      sealed += *count;
    } else {
      std::fprintf(stderr, "lockstep: workspace %s: %s\n", integration.workspace.c_str(),
                   count.error().message.c_str());
      status = exit_status_for(count.error());
    }
  }
  std::printf("%d secrets sealed anew with key %s\n", sealed, app.keys->newest_id().c_str());
  if (status == done && app.keys->size() > 1)
    std::printf("the older keys are not needed any more and can be removed\n");
  return status;
}

}  // namespace

void add_keys(CLI::App& cli, Commands& commands) {
  auto* parent = cli.add_subcommand("keys", "The keys that seal stored tokens");
  parent->footer("Example: lockstep keys rotate");
  parent->require_subcommand(1);
  auto* command = parent->add_subcommand("rotate", "Seal stored tokens anew with the newest key");
  command->footer(
      "Put a new key in front of ENCRYPTION_KEY (or of lockstep.key), rotate, then remove the old one:\n"
      "  ENCRYPTION_KEY=new,old lockstep keys rotate");
  commands.push_back({command, rotate_all});
}

}  // namespace daemon_process
