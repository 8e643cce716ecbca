#include "simulator/http/replication.h"

#include "base/time_text.h"
#include "simulator/http/answers.h"
#include "simulator/org/text.h"

namespace simulator {
namespace {

void append_moment(std::string& out, std::string_view key, base::Utc moment) {
  ((out += '"') += key) += "\":\"";
  append_datetime(out, moment.time_since_epoch().count());
  out += '"';
}

}  // namespace

Reply Replication::answer(const Call& call) {
  if (call.method != "GET") return refuse(method_not_allowed(call.method));
  const auto object = org_.object(call.path[1]);
  if (!object) return refuse(object.error());
  const auto start = base::parse_iso(parameter(call.query, "start")),
             end = base::parse_iso(parameter(call.query, "end"));
  if (!start || !end)
    return refuse(
        {400, "INVALID_REPLICATION_DATE", "start and end must be given as 2026-01-31T10:11:12+00:00, encoded"});
  const bool is_deleted = call.path[2] == "deleted";
  const auto found = is_deleted ? org_.deleted(**object, *start, *end) : org_.updated(**object, *start, *end);
  if (!found) return refuse(found.error());
  const Table& rows = org_.world().tables[(*object)->index];
  std::string out = is_deleted ? R"({"deletedRecords":[)" : R"({"ids":[)";
  for (const std::uint64_t number : found->numbers) {
    if (out.back() != '[') out += ',';
    out += is_deleted ? R"({"id":")" : "\"";
    append_id(out, (*object)->prefix, number);
    out += '"';
    if (!is_deleted) continue;
    out += ',';
    append_moment(out, "deletedDate", base::Utc{std::chrono::seconds{rows.stamp(number)}});
    out += '}';
  }
  out += "],";
  if (is_deleted) {
    append_moment(out, "earliestDateAvailable", found->earliest_available);
    out += ',';
  }
  append_moment(out, "latestDateCovered", found->latest_covered);
  return {200, out + "}"};
}

}  // namespace simulator
