#include <boost/json.hpp>

#include "base/time_text.h"
#include "daemon/budget.h"

namespace daemon_process {

namespace json = boost::json;

std::string run_json(const core::RunRecord& run) {
  json::array objects;
  for (const auto& [object, counts] : run.objects)
    objects.push_back(
        {{"object", object},
         {"pulled",
          {{"created", counts.pulled_created},
           {"updated", counts.pulled_updated},
           {"deleted", counts.pulled_deleted},
           {"unchanged", counts.pulled_unchanged}}},
         {"pushed",
          {{"created", counts.pushed_created}, {"updated", counts.pushed_updated}, {"deleted", counts.pushed_deleted}}},
         {"linked", counts.linked},
         {"conflicts", counts.conflicts},
         {"parked", counts.parked}});
  json::array errors;
  for (const core::RunError& error : run.sync_errors)
    errors.push_back({{"message", error.message},
                      {"record", error.record},
                      {"code", error.code},
                      {"timestamp", base::to_iso(error.timestamp)}});
  json::object document{{"run_id", run.id.text},
                        {"integration_id", run.integration.text},
                        {"status", run.status},
                        {"started_at", base::to_iso(run.started_at)},
                        {"duration_ms", run.duration.count()},
                        {"api_calls", run.api_calls},
                        {"objects", std::move(objects)},
                        {"errors", std::move(errors)}};
  return json::serialize(document);
}

base::Result<std::string> status_json(App& app) {
  json::array out;
  ASSIGN_OR_RETURN(const auto integrations, app.store->integrations());
  for (const core::Integration& integration : integrations) {
    json::array objects;
    ASSIGN_OR_RETURN(const auto backlog, app.store->backlog(integration.id));
    for (const core::Backlog& entry : backlog)
      objects.push_back(
          {{"object", entry.object},
           {"linked", entry.links},
           {"waiting", entry.outbox},
           {"parked", entry.parked},
           {"conflicts", entry.open_conflicts},
           {"watermark", entry.watermark ? json::value(base::to_iso(*entry.watermark)) : json::value(nullptr)}});
    ASSIGN_OR_RETURN(auto budget, budget_json(*app.store, integration, budget_shares(app.settings), app.clock));
    out.push_back({{"id", integration.id.text},
                   {"workspace", integration.workspace},
                   {"org_id", integration.org_id},
                   {"username", integration.username},
                   {"sync_status", integration.sync_status},
                   {"last_error", integration.last_error},
                   {"last_sync_at", integration.last_sync_at ? json::value(base::to_iso(*integration.last_sync_at))
                                                             : json::value(nullptr)},
                   {"next_sync_at", integration.next_sync_at ? json::value(base::to_iso(*integration.next_sync_at))
                                                             : json::value(nullptr)},
                   {"api_budget", std::move(budget)},
                   {"objects", std::move(objects)}});
  }
  return json::serialize(json::object{{"integrations", std::move(out)}});
}

}  // namespace daemon_process
