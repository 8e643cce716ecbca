#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

#include "http/server.h"
#include "simulator/bulk/bulk.h"
#include "simulator/http/api.h"
#include "simulator/http/sim_clock.h"
#include "simulator/org/schema_file.h"

namespace {
volatile std::sig_atomic_t stopping = 0;
/// A slow call holds one; more than an org's limit of long calls (25) must be able to run.
constexpr int handler_threads = 64;
/// More than Salesforce takes, so that it is the API that refuses (414, 431).
constexpr std::size_t largest_header = 32 * 1024;

std::string contents(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

int complain(const std::string& about, const std::string& message) {
  std::fprintf(stderr, "sfsim: %s: %s\n", about.c_str(), message.c_str());
  return 2;
}
}

int main(int argc, char** argv) {
  CLI::App cli{"sfsim, a local Salesforce for development and tests. Its records live in memory."};
  cli.set_version_flag("--version", "sfsim " LOCKSTEP_VERSION);
  cli.footer("Examples:\n  sfsim --seed-rows 1000\n  sfsim --port 0 --token-lifetime-s 2");
  std::uint16_t port = 5001;
  std::string address = "127.0.0.1";
  std::int64_t lifetime = 7200, refresh_idle = 0, long_call_s = 20;
  simulator::OrgOptions org_options;
  simulator::ApiOptions api_options;
  bool no_upsert_field = false, jwt_needs_consent = false;
  unsigned latency_ms = 0;
  std::string faults_file, rules_file, certificate_file;
  cli.add_option("--port", port, "0 takes a free one")->capture_default_str();
  cli.add_option("--listen", address)->capture_default_str();
  cli.add_option("--seed-rows", org_options.sample.contacts, "Contacts to begin with")->check(CLI::Range(0, 1'000'000));
  cli.add_option("--seed", org_options.sample.seed, "Equal seeds give equal records")->capture_default_str();
  cli.add_option("--schema", org_options.schema.directory, "Folder of describe files (*.json) that add or replace objects")
      ->check(CLI::ExistingDirectory);
  cli.add_option("--rules", rules_file, "Validations, duplicate rules and so on, as PUT to /__sim/rules")
      ->check(CLI::ExistingFile);
  cli.add_flag("--short-pages", org_options.short_pages, "Query pages may be shorter than asked for");
  cli.add_option("--latency-ms", latency_ms, "Added to every answer");
  cli.add_option("--api-limit", api_options.daily_calls, "API calls a day")->capture_default_str();
  cli.add_option("--long-calls", api_options.long_calls.long_calls, "Long calls under way at once")->capture_default_str();
  cli.add_option("--long-call-s", long_call_s, "When a call counts as long")->capture_default_str();
  auto& auth = api_options.auth;
  cli.add_option("--client-id", auth.client_id)->capture_default_str()->group("Signing in");
  cli.add_option("--client-secret", auth.client_secret)->capture_default_str()->group("Signing in");
  cli.add_option("--redirect-uri", auth.redirect_uris, "Registered, may be repeated (any on loopback unless given)")
      ->group("Signing in");
  cli.add_option("--refresh-token", auth.refresh_token, "One that works from the beginning")
      ->capture_default_str()
      ->group("Signing in");
  cli.add_option("--password", auth.password, "Of every user")->capture_default_str()->group("Signing in");
  cli.add_option("--security-token", auth.security_token, "May follow the password")->group("Signing in");
  cli.add_option("--jwt-certificate", certificate_file, "Certificate or public key (PEM) for the JWT bearer flow")
      ->check(CLI::ExistingFile)
      ->group("Signing in");
  cli.add_flag("--jwt-needs-consent", jwt_needs_consent, "JWT bearer only for users who consented before")
      ->group("Signing in");
  cli.add_flag("--sandbox", auth.sandbox, "Assertions name https://test.salesforce.com")->group("Signing in");
  cli.add_option("--token-lifetime-s", lifetime, "Of access tokens")->capture_default_str()->group("Signing in");
  cli.add_option("--refresh-token-idle-s", refresh_idle, "A refresh token unused for so long is dead (0: never)")
      ->group("Signing in");
  cli.add_flag("--rotate-refresh-tokens", auth.settings.rotate_refresh_tokens)->group("Signing in");
  cli.add_flag("--auto-approve", auth.settings.auto_approve, "The authorize page consents by itself")->group("Signing in");
  cli.add_flag("--require-pkce", auth.settings.require_pkce)->group("Signing in");
  cli.add_option("--faults", faults_file, "Rules that make calls fail, as PUT to /__sim/faults")->check(CLI::ExistingFile);
  simulator::bulk::Options bulk_options;
  std::int64_t bulk_delay_ms = bulk_options.start_delay.count(), bulk_batch_ms = bulk_options.batch_time.count();
  cli.add_option("--bulk-delay-ms", bulk_delay_ms, "From closing a Bulk job to its first batch")->capture_default_str();
  cli.add_option("--bulk-batch-ms", bulk_batch_ms, "From one batch of 10,000 rows to the next")->capture_default_str();
  cli.add_option("--bulk-page-rows", bulk_options.rows_per_page, "Rows of a page of Bulk query results")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  cli.add_flag("--no-upsert-field", no_upsert_field, "Leave Lockstep_Id__c out");
  CLI11_PARSE(cli, argc, argv);
  auth.settings.token_lifetime = std::chrono::seconds{lifetime};
  auth.settings.refresh_token_idle = std::chrono::seconds{refresh_idle};
  auth.settings.jwt_preauthorized = !jwt_needs_consent;
  api_options.latency = std::chrono::milliseconds{latency_ms};
  api_options.long_calls.after = std::chrono::seconds{long_call_s};
  if (!certificate_file.empty()) {
    auto key = simulator::PublicKey::parse(contents(certificate_file));
    if (!key) return complain(certificate_file, key.error().message);
    auth.jwt_key = *std::move(key);
  }
  org_options.schema.upsert_field = !no_upsert_field;

  const base::SystemClock machine;
  simulator::SimClock clock{machine};
  api_options.clock = &clock;
  api_options.sleep = [&](std::chrono::milliseconds time) { clock.sleep(time); };
  auto schema = simulator::make_schema(org_options.schema);
  if (!schema) return complain(org_options.schema.directory, schema.error().message);
  simulator::Org org{clock, org_options, *std::move(schema)};
  if (!rules_file.empty())
    if (const auto set = org.set_rules(contents(rules_file)); !set) return complain(rules_file, set.error().message);
  simulator::Api api{org, api_options};
  if (!faults_file.empty())
    if (const auto wrong = api.set_faults(contents(faults_file))) return complain(faults_file, *wrong);
  bulk_options.start_delay = std::chrono::milliseconds{bulk_delay_ms};
  bulk_options.batch_time = std::chrono::milliseconds{bulk_batch_ms};
  simulator::bulk::Bulk bulk{api.access(), api.limits(), api.faults(), bulk_options};
  api.mount("jobs/**", bulk);
  http::ServerLimits limits;
  limits.body_bytes = std::size_t{160} << 20;  // An upload may have 150 MB.
  limits.read_deadline = std::chrono::seconds{120};
  limits.threads = handler_threads;
  limits.header_bytes = largest_header;
  auto server = http::Server::listen(address, port, [&](const http::Request& request) {
    return api.handle(request);
  }, limits, [&](const http::Request& head) { return api.receive(head); });
  if (!server) {
    std::fprintf(stderr, "sfsim: %s\n", server.error().message.c_str());
    return 2;
  }
  std::signal(SIGTERM, [](int) { stopping = 1; });
  std::signal(SIGINT, [](int) { stopping = 1; });
  std::printf("sfsim listening on http://%s:%u\nclient id %s, client secret %s, refresh token %s\n", address.c_str(),
              unsigned{(*server)->port()}, api_options.auth.client_id.c_str(), api_options.auth.client_secret.c_str(),
              api_options.auth.refresh_token.c_str());
  std::fflush(stdout);
  while (!stopping) {
    bulk.work_off();
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  clock.wake_all();
  (*server)->stop();
  return 0;
}
