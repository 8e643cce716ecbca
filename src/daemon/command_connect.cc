#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "daemon/command.h"
#include "daemon/connect.h"
#include "daemon/connection.h"
#include "daemon/loopback.h"
#include "daemon/mappings.h"

namespace daemon_process {
namespace {

struct Options {
  ConnectRequest request;
  std::string key_file, redirect_uri;
  bool create_fields = false;
};

/// One line of standard input; asked for, and not shown, on a terminal.
base::Secret read_secret(const char* prompt) {
  const bool terminal = isatty(STDIN_FILENO) != 0;
  termios before{};
  if (terminal) {
    std::fprintf(stderr, "%s: ", prompt);
    tcgetattr(STDIN_FILENO, &before);
    termios quiet = before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
  }
  std::string line;
  // A signal does not end a read, but a wait for something to read.
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (terminal && !stop_requested && poll(&input, 1, 200) <= 0) {
  }
  if (!stop_requested) std::getline(std::cin, line);
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::fputc('\n', stderr);
  }
  return base::Secret{std::move(line)};
}

base::Result<void> gather_secrets(Options& options) {
  ConnectRequest& request = options.request;
  const auto need = [](const std::string& value, const char* option) -> base::Result<void> {
    if (!value.empty()) return {};
    return base::failure(base::ErrorKind::settings, std::string{"this flow needs "} + option);
  };
  if (request.flow == "refresh-token") {
    request.refresh_token = read_secret("Refresh token");
    RETURN_IF_ERROR(need(request.refresh_token.reveal(), "a refresh token on standard input"));
  }
  if (request.flow == "jwt") {
    RETURN_IF_ERROR(need(request.username, "--username, the org's user to act as"));
    RETURN_IF_ERROR(need(options.key_file, "--key-file, the private key (PEM) whose certificate the app holds"));
    std::ifstream file{options.key_file, std::ios::binary};
    std::string pem{std::istreambuf_iterator<char>{file}, {}};
    if (!file) return base::failure(base::ErrorKind::settings, "the key file " + options.key_file + " cannot be read");
    request.private_key = base::Secret{std::move(pem)};
  }
  if (request.flow == "password") {
    RETURN_IF_ERROR(need(request.username, "--username"));
    std::fprintf(stderr,
                 "lockstep: the username-password flow is legacy: new orgs block it. Use jwt or web instead.\n");
    request.password = read_secret("Password with the security token behind it");
    RETURN_IF_ERROR(need(request.password.reveal(), "a password on standard input"));
  }
  return {};
}

base::Result<core::Integration> connect_in_browser(App& app, const Options& options) {
  ASSIGN_OR_RETURN(auto draft, draft_connection(app, *app.store, options.request));
  const std::string redirect = options.redirect_uri.empty() ? redirect_uri_of(app.settings) : options.redirect_uri;
  const auto consent = consent_for(draft, redirect);
  core::Integration integration;
  RETURN_IF_ERROR(wait_for_browser(
      redirect,
      [&] {
        std::fprintf(stderr, "Open this address in a browser, sign in and allow:\n\n%s\n\nWaiting …\n",
                     consent.url.c_str());
      },
      [&](const salesforce::CameBack& came) -> base::Result<void> {
        ASSIGN_OR_RETURN(const auto grant, salesforce::grant_after(consent, came));
        ASSIGN_OR_RETURN(integration, finish_connection(app, *app.store, std::move(draft), grant, {}));
        return {};
      }));
  return integration;
}

void print_report(const ConnectReport& report) {
  const auto& org = report.org;
  std::printf("org       %s%s%s%s\n", org.name.empty() ? "(it does not tell its name)" : org.name.c_str(),
              org.edition.empty() ? "" : (", " + org.edition).c_str(), org.sandbox ? ", a sandbox" : ", production",
              org.instance.empty() ? "" : (", instance " + org.instance).c_str());
  std::printf("versions  %s to %s\n", org.oldest_version.c_str(), org.newest_version.c_str());
  for (const auto& limit : org.limits)
    std::printf("limit     %s: %lld of %lld left\n", limit.name.c_str(), static_cast<long long>(limit.left),
                static_cast<long long>(limit.most));
  for (const auto& object : report.objects)
    std::printf("object    %-12s %s, %s, %s, %s\n", object.name.c_str(), object.seen ? "read" : "not seen",
                object.may_create ? "create" : "no create", object.may_edit ? "edit" : "no edit",
                object.has_key_field ? "key field" : "no key field");
  for (const auto* sentences : {&report.missing, &report.fields_set_aside})
    for (const std::string& sentence : *sentences) std::printf("missing   %s\n", sentence.c_str());
}

bool wants_fields(const Options& options, const std::vector<std::string>& objects) {
  if (objects.empty()) return false;
  if (options.create_fields) return true;
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return false;
  std::printf("Make the field %s now on", std::string{upsert_field}.c_str());
  for (const std::string& object : objects) std::printf(" %s", object.c_str());
  std::printf("? [y/N] ");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

/// Tells what the org is like and mends what it may. The connection itself stands already.
int tell_about(App& app, const core::Integration& integration, const Options& options) {
  auto connection = Connection::open(app, integration);
  if (!connection) return tell(connection.error());
  constexpr const char* unreported = "the connection stands; `lockstep doctor` says what the org lacks";
  auto report = report_on(app, integration, **connection);
  if (!report) return stop_requested ? tell_interrupted(unreported) : tell(report.error());
  if (wants_fields(options, report->without_key_field)) {
    salesforce::CurlTransport transport{app.clock, {}, {}, app.settings.salesforce.ca_file, &stop_requested};
    for (const std::string& object : report->without_key_field) {
      const auto made =
          salesforce::create_key_field((*connection)->session, transport, app.settings.salesforce.api_version, object,
                                       std::string{upsert_field}, report->user_id, &(*connection)->budget);
      if (!made) std::fprintf(stderr, "lockstep: %s: %s\n", object.c_str(), made.error().message.c_str());
    }
    report = report_on(app, integration, **connection);
    if (!report) return stop_requested ? tell_interrupted(unreported) : tell(report.error());
  }
  print_report(*report);
  return report->missing.empty() && report->fields_set_aside.empty() ? done : some_left;
}

}  // namespace

void add_connect(CLI::App& cli, Commands& commands) {
  const auto options = std::make_shared<Options>();
  ConnectRequest& request = options->request;
  auto* command = cli.add_subcommand("connect", "Connect an org");
  command->add_option("--flow", request.flow, "How to sign in")
      ->required()
      ->check(CLI::IsMember({"web", "jwt", "client-credentials", "refresh-token", "password"}));
  command->add_option("--login-url", request.login_url, "My Domain or login host");
  command->add_option("--workspace", request.workspace, "Whose rows are synced")->capture_default_str();
  command->add_option("--username", request.username, "jwt, password: the org's user to act as");
  command->add_option("--key-file", options->key_file, "jwt: the private key (PEM) whose certificate the app holds");
  command->add_option("--redirect-uri", options->redirect_uri,
                      "web: one of the app's callback URLs, on a loopback address; default: as the settings say");
  command->add_flag("--create-fields", options->create_fields, "Make missing Lockstep_Id__c fields without asking");
  command->footer(
      "The client id and secret come from SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET or the settings file; a\n"
      "refresh token or a password from standard input, never from the command line. docs/connect.md has every step.\n"
      "Examples:\n  lockstep connect --flow web\n"
      "  lockstep connect --flow jwt --username sync@acme.com --key-file server.key\n"
      "  lockstep connect --flow client-credentials --login-url https://acme.my.salesforce.com --create-fields\n"
      "  lockstep connect --flow refresh-token < token.txt");
  commands.push_back({command, [options](App& app) -> int {
                        const auto gathered = gather_secrets(*options);
                        if (stop_requested) return tell_interrupted("no org was connected, and nothing was stored");
                        if (!gathered) return tell(gathered.error());
                        const auto integration = options->request.flow == "web" ? connect_in_browser(app, *options)
                                                                                : connect(app, options->request);
                        if (!integration && stop_requested)
                          return tell_interrupted("no org was connected, and nothing was stored");
                        if (!integration) return tell(integration.error());
                        std::printf("connected workspace %s to org %s as %s (integration %s)\n",
                                    integration->workspace.c_str(), integration->org_id.c_str(),
                                    integration->username.c_str(), integration->id.text.c_str());
                        return tell_about(app, *integration, *options);
                      }});
}

}  // namespace daemon_process
