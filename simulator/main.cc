#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

#include "http/server.h"
#include "simulator/bulk/bulk.h"
#include "simulator/http/api.h"

namespace {
volatile std::sig_atomic_t stopping = 0;
/// A slow call holds one; more than an org's limit of long calls (25) must be able to run.
constexpr int handler_threads = 64;
}

int main(int argc, char** argv) {
  CLI::App cli{"sfsim, a local Salesforce for development and tests. Its records live in memory."};
  cli.set_version_flag("--version", "sfsim " LOCKSTEP_VERSION);
  cli.footer("Examples:\n  sfsim --seed-rows 1000\n  sfsim --port 0 --token-lifetime-s 2");
  std::uint16_t port = 5001;
  std::string address = "127.0.0.1";
  std::int64_t lifetime = 7200;
  simulator::OrgOptions org_options;
  simulator::ApiOptions api_options;
  bool no_upsert_field = false;
  unsigned latency_ms = 0;
  std::string faults_file;
  cli.add_option("--port", port, "0 takes a free one")->capture_default_str();
  cli.add_option("--listen", address)->capture_default_str();
  cli.add_option("--seed-rows", org_options.sample.contacts, "Contacts to begin with")->check(CLI::Range(0, 1'000'000));
  cli.add_option("--seed", org_options.sample.seed, "Equal seeds give equal records")->capture_default_str();
  cli.add_option("--latency-ms", latency_ms, "Added to every answer");
  cli.add_option("--api-limit", api_options.daily_calls, "API calls a day")->capture_default_str();
  cli.add_option("--token-lifetime-s", lifetime)->capture_default_str();
  cli.add_option("--client-id", api_options.auth.client_id)->capture_default_str();
  cli.add_option("--client-secret", api_options.auth.client_secret)->capture_default_str();
  cli.add_option("--refresh-token", api_options.auth.refresh_token)->capture_default_str();
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
  api_options.auth.token_lifetime = std::chrono::seconds{lifetime};
  org_options.schema.upsert_field = !no_upsert_field;

  const base::SystemClock clock;
  simulator::Org org{clock, org_options};
  simulator::Api api{org, api_options};
  if (!faults_file.empty()) {
    std::ifstream file{faults_file};
    if (const auto wrong = api.set_faults(std::string{std::istreambuf_iterator<char>{file}, {}})) {
      std::fprintf(stderr, "sfsim: %s: %s\n", faults_file.c_str(), wrong->c_str());
      return 2;
    }
  }
  bulk_options.start_delay = std::chrono::milliseconds{bulk_delay_ms};
  bulk_options.batch_time = std::chrono::milliseconds{bulk_batch_ms};
  simulator::bulk::Bulk bulk{api.access(), api.limits(), api.faults(), bulk_options};
  api.mount("jobs/**", bulk);
  http::ServerLimits limits;
  limits.body_bytes = std::size_t{160} << 20;  // An upload may have 150 MB.
  limits.read_deadline = std::chrono::seconds{120};
  limits.threads = handler_threads;
  auto server = http::Server::listen(address, port, [&](const http::Request& request) {
    if (latency_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds{latency_ms});
    return api.handle(request);
  }, limits);
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
  (*server)->stop();
  return 0;
}
