#include <unistd.h>
#include <boost/json.hpp>
#include <cinttypes>
#include <cstdio>

#include "base/time_text.h"
#include "daemon/command.h"
#include "daemon/verify.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

json::value text_or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

std::string hex(std::uint64_t checksum) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, checksum);
  return text;
}

json::object object_json(const ObjectVerified& object) {
  const core::VerifyCounts& counts = object.counts;
  json::object fields;
  for (std::size_t i = 0; i < counts.by_field.size(); ++i)
    if (counts.by_field[i] > 0) fields[object.mapping.fields[i].org_field] = counts.by_field[i];
  json::array differences;
  for (const core::Difference& difference : object.differences) {
    json::array values;
    for (const core::FieldDifference& field : difference.fields)
      values.push_back({{"field", object.mapping.fields[field.field].org_field},
                        {"column", object.mapping.fields[field.field].column},
                        {"salesforce", text_or_null(field.org)},
                        {"crm", text_or_null(field.store)}});
    differences.push_back({{"kind", name_of(difference.kind)},
                           {"record", difference.record.str()},
                           {"row", difference.row.text},
                           {"fields", std::move(values)}});
  }
  return {{"object", object.mapping.object},
          {"table", object.mapping.table},
          {"records", counts.records},
          {"rows", counts.rows},
          {"equal", counts.equal},
          {"differing", counts.differing()},
          {"values", counts.values},
          {"only_in_salesforce", counts.only_in_org},
          {"only_in_crm", counts.only_in_store},
          {"row_vanished", counts.row_vanished},
          {"unsent", counts.unsent},
          {"waiting", counts.waiting},
          {"parked", counts.parked},
          {"conflicts", counts.in_conflict},
          {"one_way", counts.one_way},
          {"not_pulled", counts.unpulled},
          {"outside_filter", counts.outside},
          {"left_apart", counts.left_apart},
          {"unreadable", counts.unreadable},
          {"salesforce_checksum", hex(counts.org_checksum)},
          {"crm_checksum", hex(counts.store_checksum)},
          {"fields", std::move(fields)},
          {"differences", std::move(differences)}};
}

void print_json(const Verification& verification) {
  json::array objects, not_compared, open, errors;
  for (const ObjectVerified& object : verification.objects) objects.push_back(object_json(object));
  for (const core::RunError& error : verification.run.sync_errors)
    if (error.code != "DIFFERS") errors.push_back({{"message", error.message}, {"code", error.code}});
  for (const core::RunError& left : verification.not_compared)
    not_compared.push_back({{"object", left.left_out},
                            {"field", left.field.empty() ? json::value(nullptr) : json::value(left.field)},
                            {"code", left.code},
                            {"reason", left.message}});
  for (const StillOpen& entry : verification.open)
    open.push_back({{"object", entry.object}, {"conflicts", entry.conflicts}, {"parked", entry.parked}});
  const core::RunRecord& run = verification.run;
  std::printf("%s\n", json::serialize(json::object{{"run_id", run.id.text},
                                                   {"integration_id", run.integration.text},
                                                   {"equal", verification.all_equal()},
                                                   {"started_at", base::to_iso(run.started_at)},
                                                   {"duration_ms", run.duration.count()},
                                                   {"api_calls", run.api_calls},
                                                   {"repaired", verification.repaired},
                                                   {"objects", std::move(objects)},
                                                   {"not_compared", std::move(not_compared)},
                                                   {"open", std::move(open)},
                                                   {"errors", std::move(errors)}})
                          .c_str());
}

void print_difference(const ObjectVerified& object, const core::Difference& difference) {
  const std::string who = object.mapping.object + (difference.record ? " " + difference.record.str() : "") +
                          (difference.row.text.empty() ? "" : ", row " + difference.row.text);
  switch (difference.kind) {
    case core::Difference::Kind::values:
      for (const core::FieldDifference& field : difference.fields)
        std::printf("  ! %s: %s is %s in Salesforce and %s in %s.%s\n", who.c_str(),
                    object.mapping.fields[field.field].org_field.c_str(),
                    field.org ? ("\"" + *field.org + "\"").c_str() : "empty",
                    field.store ? ("\"" + *field.store + "\"").c_str() : "empty", object.mapping.table.c_str(),
                    object.mapping.fields[field.field].column.c_str());
      break;
    case core::Difference::Kind::only_in_org:
      std::printf("  ! %s: has no row in %s\n", who.c_str(), object.mapping.table.c_str());
      break;
    case core::Difference::Kind::only_in_store:
      std::printf(
          "  ! %s: the record is gone from Salesforce, or hidden from the sync user; a repair does with the row what "
          "onSalesforceDelete says\n",
          who.c_str());
      break;
    case core::Difference::Kind::row_vanished:
      std::printf(
          "  ! %s: the row is gone from %s, which nobody saw being deleted; a repair does with the record what "
          "onCrmDelete says\n",
          who.c_str(), object.mapping.table.c_str());
      break;
    case core::Difference::Kind::unsent:
      std::printf("  ! %s: was never sent to Salesforce\n", who.c_str());
      break;
  }
}

void print(const Verification& verification) {
  constexpr std::size_t most_shown = 20;
  for (const ObjectVerified& object : verification.objects) {
    const core::VerifyCounts& counts = object.counts;
    std::printf("%-12s %" PRId64 " records, %" PRId64 " rows: %" PRId64 " equal, %" PRId64 " differ",
                object.mapping.object.c_str(), counts.records, counts.rows, counts.equal, counts.differing());
    for (const auto& [count, what] :
         {std::pair{counts.waiting, "on their way"},
          {counts.parked, "parked"},
          {counts.in_conflict, "in conflict"},
          {counts.one_way, "differ in fields that their direction or write mode leaves alone"},
          {counts.unpulled, "records have no row, since nothing is pulled"},
          {counts.outside, "differ outside the filter, where the mapping keeps the row"},
          {counts.left_apart, "deleted on one side and kept on the other by policy"},
          {counts.unreadable, "unreadable"}})
      if (count > 0) std::printf(", %" PRId64 " %s", count, what);
    std::printf("\n  checksums %s in Salesforce, %s in %s\n", hex(counts.org_checksum).c_str(),
                hex(counts.store_checksum).c_str(), object.mapping.table.c_str());
    for (std::size_t i = 0; i < std::min(most_shown, object.differences.size()); ++i)
      print_difference(object, object.differences[i]);
    if (static_cast<std::size_t>(counts.differing()) > most_shown)
      std::printf("  … and %zu more; --json lists the first %zu\n",
                  static_cast<std::size_t>(counts.differing()) - most_shown, ObjectVerified::most_listed);
  }
  for (const core::RunError& left : verification.not_compared)
    std::printf("  ! not compared: %s\n", left.message.c_str());
  for (const StillOpen& entry : verification.open) {
    if (entry.conflicts > 0)
      std::printf("  ! %s: %" PRId64 " conflicts are open: decide them with `lockstep conflicts list --object %s`\n",
                  entry.object.c_str(), entry.conflicts, entry.object.c_str());
    if (entry.parked > 0)
      std::printf("  ! %s: %" PRId64 " rows or records are parked: `lockstep parked list --object %s` says why\n",
                  entry.object.c_str(), entry.parked, entry.object.c_str());
  }
  const bool equal = verification.all_equal();
  std::int64_t waiting = 0, differing = 0;
  for (const ObjectVerified& object : verification.objects) {
    waiting += object.counts.waiting;
    differing += object.counts.differing();
  }
  if (verification.repaired > 0)
    std::printf("%" PRId64 " of %" PRId64 " differences were repaired\n", verification.repaired - differing,
                verification.repaired);
  const char* verdict = equal && verification.apart_by_choice()
                            ? "both sides are equal, but for what the mapping leaves apart"
                        : equal                                                          ? "both sides are equal"
                        : differing + waiting == 0 && !verification.not_compared.empty() ? "not all was compared"
                                                                                         : "the sides are not equal";
  std::printf("%s (%.1f s, %" PRId64 " API calls)\n", verdict,
              static_cast<double>(verification.run.duration.count()) / 1000.0, verification.run.api_calls);
  if (!equal && waiting > 0) std::printf("  edits are on their way: run `lockstep sync`, then verify again\n");
  if (differing > 0 && verification.repaired == 0)
    std::printf("  `lockstep verify --repair` brings the %" PRId64 " differing records in step\n", differing);
}

}  // namespace

void add_verify(CLI::App& cli, Commands& commands) {
  struct Options {
    VerifyRequest request;
    std::string integration;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  auto* command = cli.add_subcommand("verify", "Prove both sides equal, or list the differences field by field");
  command->add_option("--integration", options->integration, "Only this one");
  command->add_option("--object", options->request.objects, "Only these objects (Contact, Account, …)");
  command->add_flag("--repair", options->request.repair, "Bring what differs in step, then compare again");
  command->add_flag("--json", options->json, "One JSON document on standard output");
  command->footer("Examples:\n  lockstep verify\n  lockstep verify --object Contact --repair");
  commands.push_back(
      {command, [options](App& app) -> int {
         auto integrations = chosen(app, options->integration);
         if (!integrations) return tell(integrations.error());
         if (options->json && integrations->size() > 1) {
           std::fprintf(stderr,
                        "lockstep: --json prints one verification: name the integration with --integration ID\n");
           return wrong_usage;
         }
         const bool terminal = isatty(2);
         options->request.announce = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
         options->request.progress = [terminal](const std::string& line) {
           if (terminal) std::fprintf(stderr, "\r\033[K%s", line.c_str());
         };
         int status = done;
         for (core::Integration& integration : *integrations) {
           const auto verification = verify_once(app, integration, options->request);
           if (terminal) std::fprintf(stderr, "\r\033[K");
           if (stop_requested)
             return tell_interrupted(options->request.repair
                                         ? "the sides were not compared to the end; what was repaired so far stays"
                                         : "the sides were not compared to the end, so nothing is known of the rest");
           if (!verification) {
             status = tell(verification.error());
             continue;
           }
           if (options->json) {
             print_json(*verification);
           } else {
             print(*verification);
           }
           for (const core::RunError& error : verification->run.sync_errors)
             if (error.code != "DIFFERS" && (options->json || error.left_out.empty()))
               std::fprintf(stderr, "lockstep: %s\n", error.message.c_str());
           if (status == done && !verification->all_equal()) status = some_left;
         }
         return status;
       }});
}

}  // namespace daemon_process
