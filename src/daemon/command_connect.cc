#include <cstdio>
#include <iostream>

#include "daemon/command.h"

namespace daemon_process {

void add_connect(CLI::App& cli, Commands& commands) {
  const auto request = std::make_shared<ConnectRequest>();
  auto* command = cli.add_subcommand("connect", "Connect an org");
  command->add_option("--flow", request->flow, "How to sign in")
      ->required()
      ->check(CLI::IsMember({"client-credentials", "refresh-token"}));
  command->add_option("--login-url", request->login_url, "My Domain or login host");
  command->add_option("--workspace", request->workspace, "Whose rows are synced");
  command->footer(
      "The client id and secret come from SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET or the settings file, a\n"
      "refresh token from standard input:\n  lockstep connect --flow refresh-token < token.txt");
  commands.push_back({command, [request](App& app) -> int {
    if (request->flow == "refresh-token") std::getline(std::cin, request->refresh_token);
    const auto integration = connect(app, *request);
    if (!integration) return tell(integration.error());
    std::printf("connected workspace %s to org %s as %s (integration %s)\n", integration->workspace.c_str(),
                integration->org_id.c_str(), integration->username.c_str(), integration->id.text.c_str());
    return done;
  }});
}

}  // namespace daemon_process
