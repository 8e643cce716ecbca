#include "daemon/journal_json.h"

#include <algorithm>

#include "base/time_text.h"
#include "salesforce/errors.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

json::value text(const core::Text& value) {
  return value ? json::value(*value) : json::value(nullptr);
}
json::value named(std::string_view value) {
  return value.empty() ? json::value(nullptr) : json::value(json::string_view{value.data(), value.size()});
}
json::value moment(const std::optional<base::Utc>& at) {
  return at ? json::value(base::to_iso(*at)) : json::value(nullptr);
}
json::value parsed(const std::string& value) {
  boost::system::error_code failed;
  json::value read = json::parse(value, failed);
  return failed ? json::value(nullptr) : read;
}

}  // namespace

json::object conflict_json(const core::Integration& integration, const core::ConflictEntry& c) {
  return {{"id", c.id},
          {"integration_id", integration.id.text},
          {"object", c.object},
          {"field", c.field},
          {"column", c.column},
          {"row", c.row.text},
          {"record", named(c.record.str())},
          {"base", text(c.base)},
          {"org", text(c.org)},
          {"store", text(c.store)},
          {"decision", c.decision},
          {"against", c.against},
          {"at", base::to_iso(c.at)},
          {"org_changed_at", moment(c.org_changed_at)},
          {"org_changed_by", named(c.org_changed_by.str())},
          {"store_changed_at", moment(c.store_changed_at)},
          {"run_id", named(c.run)},
          {"resolved_at", moment(c.resolved_at)},
          {"resolution", named(c.resolution)}};
}

json::object parked_json(const core::Integration& integration, const core::ParkedEntry& p) {
  return {{"id", p.id},
          {"integration_id", integration.id.text},
          {"object", p.object},
          {"table", p.table},
          {"row", named(p.row.text)},
          {"record", named(p.record.str())},
          {"kind", p.kind},
          {"code", named(p.code)},
          {"message", p.message},
          {"remedy", named(salesforce::remedy_of(p.code))},
          {"request", parsed(p.request)},
          {"run_id", named(p.run)},
          {"parked_at", base::to_iso(p.parked_at)},
          {"retry_at", p.waits_for || p.retry_at == base::Utc::max() ? json::value(nullptr)
                                                                     : json::value(base::to_iso(p.retry_at))},
          {"waits_for", named(p.waits_for.str())},
          {"attempts", p.attempts}};
}

json::object history_json(const core::HistoryEntry& entry) {
  return {{"id", entry.id},
          {"at", base::to_iso(entry.at)},
          {"object", entry.object},
          {"row", named(entry.row.text)},
          {"record", named(entry.record.str())},
          {"action", entry.action},
          {"details", parsed(entry.details)},
          {"run_id", named(entry.run)},
          {"request_id", named(entry.request)}};
}

base::Result<std::vector<core::Integration>> all_or_one(App& app, const std::string& id) {
  ASSIGN_OR_RETURN(auto integrations, app.store->integrations());
  if (id.empty()) return integrations;
  std::erase_if(integrations, [&](const core::Integration& integration) {
    return integration.id.text != id && integration.workspace != id;
  });
  if (integrations.empty())
    return base::failure(base::ErrorKind::settings, "there is no integration " + id + ": `lockstep status` lists them");
  return integrations;
}

}  // namespace daemon_process
