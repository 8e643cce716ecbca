#include "salesforce/rest_write.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "base/time_text.h"
#include "salesforce/rest_org.h"
#include "salesforce/write_body.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using core::OrgWrite;
using RowResult = base::Result<model::RecordId>;
/// One outcome a write, in order; nothing where none is known yet.
using Outcomes = std::vector<std::optional<RowResult>>;

static_assert(RestOrg::conditional_writes_limit() == Composite::most_requests);

/// A call's body stays well under the 50 MB that the org takes.
constexpr std::size_t most_call_bytes = std::size_t{16} << 20;

/// A subrequest, and which writes it carries.
struct Part {
  std::string method, url, body;
  Header header = {};
  std::vector<std::size_t> writes;
  bool is_collection = false;
};

RowResult without_id(const Doing& doing) {
  return base::failure(ErrorKind::unknown_fate, "Salesforce did not say which record it wrote when it was asked to " +
                                                    std::string{doing.what} + ". The records are read again.");
}

RowResult id_in(JsonObject& object, const Doing& doing) {
  if (const auto id = model::RecordId::parse(text_at(object, "id"))) return *id;
  return without_id(doing);
}

std::vector<Part> single_rows(const RestClient& client, const model::Mapping& mapping, std::span<const OrgWrite> writes,
                              const Outcomes& outcomes) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (outcomes[i]) continue;
    const OrgWrite& write = writes[i];
    Part part{.method = "PATCH", .url = client.path("sobjects/" + mapping.object + "/"), .body = "{", .writes = {i}};
    if (write.id) {
      part.url += write.id.view();
      if (write.unless_changed_since != base::Utc{})
        part.header = {"If-Unmodified-Since", base::to_http_date(write.unless_changed_since)};
    } else {
      part.url += mapping.upsert_field + "/" + url_encoded(write.upsert_key);
    }
    append_members(part.body, mapping, write, true);
    part.body += '}';
    parts.push_back(std::move(part));
  }
  return parts;
}

/// Groups of up to 200 creates or updates, each in the given order, no record twice in one group: the org refuses
/// both then.
std::vector<Part> collections(const RestClient& client, const model::Mapping& mapping, std::span<const OrgWrite> writes,
                              const Outcomes& outcomes) {
  std::vector<Part> parts;
  for (const bool creates : {true, false}) {
    std::unordered_set<std::string_view> members;
    Part part;
    const auto close = [&] {
      if (part.writes.empty()) return;
      part.body += "]}";
      parts.push_back(std::move(part));
      part = {};
      members.clear();
    };
    for (std::size_t i = 0; i < writes.size(); ++i) {
      const OrgWrite& write = writes[i];
      if (outcomes[i] || creates == static_cast<bool>(write.id)) continue;
      const std::string_view who = creates ? write.upsert_key : write.id.view();
      if (part.writes.size() == RestOrg::records_per_collection || members.contains(who) ||
          part.body.size() > most_call_bytes / Composite::most_queries)
        close();
      if (part.writes.empty()) {
        part.method = "PATCH";
        part.url = client.path("composite/sobjects");
        if (creates) part.url += "/" + mapping.object + "/" + mapping.upsert_field;
        part.body = "{\"allOrNone\":false,\"records\":[";
        part.is_collection = true;
      }
      members.insert(who);
      if (!part.writes.empty()) part.body += ',';
      part.writes.push_back(i);
      part.body += "{\"attributes\":{\"type\":\"" + mapping.object + "\"},";
      append_json_string(part.body, creates ? std::string_view{mapping.upsert_field} : "id");
      part.body += ':';
      append_json_string(part.body, who);
      append_members(part.body, mapping, write, false);
      part.body += '}';
    }
    close();
  }
  return parts;
}

/// Reads the answer of a subrequest onto the outcomes of its writes. False if it makes no sense.
bool read_part(const Part& part, int status, Json& body, const Doing& doing, std::span<const OrgWrite> writes,
               Outcomes& outcomes) {
  if (status < 200 || status >= 300) {
    const base::Error error = subrequest_error(status, body, doing);
    for (const std::size_t i : part.writes) outcomes[i] = std::unexpected(error);
    return true;
  }
  JsonObject object;
  if (!part.is_collection) {
    const std::size_t i = part.writes.front();
    if (writes[i].id) {
      outcomes[i] = writes[i].id;  // 204, no body
    } else {
      outcomes[i] = body.get_object().get(object) ? without_id(doing) : id_in(object, doing);
    }
    return true;
  }
  JsonArray rows;
  if (body.get_array().get(rows)) return false;
  std::size_t place = 0;
  for (auto row : rows) {
    if (place == part.writes.size() || row.get_object().get(object)) return false;
    const std::size_t i = part.writes[place++];
    bool success = false;
    if (object.find_field_unordered("success").get_bool().get(success)) return false;
    if (success) {
      outcomes[i] = id_in(object, doing);
      continue;
    }
    Json errors;
    if (object.find_field_unordered("errors").get(errors)) return false;
    outcomes[i] = std::unexpected(row_error(first_service_error(errors), doing));
  }
  return place == part.writes.size();
}

/// As many parts as one call takes.
std::size_t parts_of_a_call(std::span<const Part> parts) {
  std::size_t count = 0, bytes = 0;
  for (const Part& part : parts) {
    const std::size_t most = part.is_collection ? Composite::most_queries : Composite::most_requests;
    if (count == most || (count > 0 && bytes + part.body.size() > most_call_bytes)) break;
    bytes += part.body.size();
    ++count;
  }
  return count;
}

base::Result<void> send_parts(RestClient& client, std::span<const Part> parts, const Doing& doing,
                              std::span<const OrgWrite> writes, Outcomes& outcomes) {
  Composite composite;
  for (const Part& part : parts) composite.add(part.method, part.url, part.body, part.header);
  return client.ask(composite, doing, nullptr, [&](std::size_t i, int status, Json& body) -> base::Result<void> {
    if (read_part(parts[i], status, body, doing, writes, outcomes)) return {};
    return base::failure(ErrorKind::malformed,
                         "Salesforce's answer to a write could not be read: it is cut short or "
                         "has another form. The records are read again.");
  });
}

}  // namespace

base::Result<std::vector<RowResult>> write_records(RestClient& client, const model::Mapping& mapping,
                                                   std::span<const OrgWrite> writes) {
  const std::string what = "write " + mapping.object + " records";
  const Doing doing{.what = what, .write = true, .upsert_field = mapping.upsert_field};
  Outcomes outcomes(writes.size());
  bool conditional = false;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (auto checked = check_write(mapping, writes[i]); !checked)
      outcomes[i] = std::unexpected(std::move(checked).error());
    conditional = conditional || (writes[i].id && writes[i].unless_changed_since != base::Utc{});
  }
  const bool single = conditional && writes.size() <= RestOrg::conditional_writes_limit();
  const std::vector<Part> parts =
      single ? single_rows(client, mapping, writes, outcomes) : collections(client, mapping, writes, outcomes);

  std::span<const Part> left = parts;
  while (!left.empty()) {
    const std::span<const Part> now = left.first(parts_of_a_call(left));
    const bool is_first = now.data() == parts.data();
    const auto sent = send_parts(client, now, doing, writes, outcomes);
    left = left.subspan(now.size());
    if (sent) continue;
    const bool none_known =
        std::ranges::none_of(now, [&](const Part& part) { return outcomes[part.writes.front()].has_value(); });
    if (is_first && none_known) return std::unexpected(sent.error());
    for (const Part& part : now)
      for (const std::size_t i : part.writes)
        if (!outcomes[i]) outcomes[i] = std::unexpected(sent.error());
    base::Error unsent = sent.error();
    if (unsent.kind == ErrorKind::unknown_fate) unsent.kind = ErrorKind::unreachable;
    for (const Part& part : left)
      for (const std::size_t i : part.writes) outcomes[i] = std::unexpected(unsent);
    break;
  }

  std::vector<RowResult> results;
  results.reserve(outcomes.size());
  for (std::optional<RowResult>& outcome : outcomes) {
    CHECK(outcome.has_value());
    results.push_back(*std::move(outcome));
  }
  return results;
}

}  // namespace salesforce
