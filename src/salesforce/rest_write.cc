#include "salesforce/rest_write.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_set>

#include "base/time_text.h"
#include "salesforce/bulk_choice.h"
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
  bool alone = false;  ///< Not fit for a Composite call.
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
                              std::span<const std::size_t> places) {
  std::vector<Part> parts;
  for (const std::size_t i : places) {
    const OrgWrite& write = writes[i];
    Part part{.method = "PATCH", .url = client.path("sobjects/" + mapping.object + "/"), .body = "{", .writes = {i}};
    if (!write.id && write.upsert_key.empty()) {
      part.method = "POST";
      part.url.pop_back();
    } else if (write.id) {
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

/// Groups of up to `most_in_group` creates or updates, each in the given order, no record twice in one group: the org
/// refuses both then.
std::vector<Part> collections(const RestClient& client, const model::Mapping& mapping, std::span<const OrgWrite> writes,
                              std::span<const std::size_t> places, std::size_t most_in_group) {
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
    for (const std::size_t i : places) {
      const OrgWrite& write = writes[i];
      if (creates == static_cast<bool>(write.id)) continue;
      const std::string_view who = creates ? write.upsert_key : write.id.view();
      if (part.writes.size() == most_in_group || (!who.empty() && members.contains(who)) ||
          part.body.size() > most_call_bytes / Composite::most_queries)
        close();
      if (part.writes.empty()) {
        part.method = "PATCH";
        part.url = client.path("composite/sobjects");
        if (who.empty()) {
          part.method = "POST";
        } else if (creates) {
          part.url += "/" + mapping.object + "/" + mapping.upsert_field;
        }
        part.body = "{\"allOrNone\":false,\"records\":[";
        part.is_collection = true;
      }
      members.insert(who);
      if (!part.writes.empty()) part.body += ',';
      part.writes.push_back(i);
      part.body += "{\"attributes\":{\"type\":\"" + mapping.object + "\"}";
      if (!who.empty()) {
        part.body += ',';
        append_json_string(part.body, creates ? std::string_view{mapping.upsert_field} : "id");
        part.body += ':';
        append_json_string(part.body, who);
      }
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
    if (count == most || (count > 0 && (part.alone || bytes + part.body.size() > most_call_bytes))) break;
    bytes += part.body.size();
    ++count;
    if (part.alone) break;
  }
  return count;
}

base::Error unreadable_answer(ErrorKind kind) {
  return {kind,
          "Salesforce's answer to a write could not be read: it is cut short or has another form. The records are read "
          "again."};
}

base::Result<void> send_parts(RestClient& client, std::span<const Part> parts, const Doing& doing,
                              std::span<const OrgWrite> writes, Outcomes& outcomes) {
  if (const Part& first = parts.front(); first.alone) {
    ASSIGN_OR_RETURN(Answer answer, client.call(first.method, first.url, first.body, doing));
    if (client.reader().open(answer.body) &&
        read_part(first, answer.status, client.reader().root(), doing, writes, outcomes))
      return {};
    return std::unexpected(unreadable_answer(ErrorKind::unknown_fate));
  }
  Composite composite;
  for (const Part& part : parts) composite.add(part.method, part.url, part.body, part.header);
  return client.ask(composite, doing, nullptr, [&](std::size_t i, int status, Json& body) -> base::Result<void> {
    if (read_part(parts[i], status, body, doing, writes, outcomes)) return {};
    return std::unexpected(unreadable_answer(ErrorKind::malformed));
  });
}

/// Why nothing more should be sent, and which writes were on their way then: theirs is the error as it stands.
struct Failure {
  base::Error error;
  std::vector<std::size_t> in_flight = {};
};

/// Each upload a job. What the org will not have as a job is left without an outcome.
std::optional<Failure> write_uploads(BulkIngest& bulk, const model::Mapping& mapping, std::span<const OrgWrite> writes,
                                     std::span<const std::vector<std::size_t>> kinds, const Doing& doing,
                                     Outcomes& outcomes, std::vector<std::string>& requests) {
  for (const std::vector<std::size_t>& places : kinds)
    for (const Upload& upload : spell_uploads(mapping, writes, places)) {
      std::string job;
      auto results = bulk.write(mapping, writes, upload, doing, job);
      if (!results && bulk.is_refused()) return std::nullopt;
      if (!results) return Failure{std::move(results).error()};
      for (std::size_t row = 0; row < results->size(); ++row) {
        outcomes[upload.writes[row]] = std::move((*results)[row]);
        requests[upload.writes[row]] = "job " + job;  // What an admin finds under Bulk Data Load Jobs.
      }
    }
  return std::nullopt;
}

std::optional<Failure> write_parts(RestClient& client, std::span<const Part> left, const Doing& doing,
                                   std::span<const OrgWrite> writes, Outcomes& outcomes,
                                   std::vector<std::string>& requests) {
  while (!left.empty()) {
    const std::span<const Part> now = left.first(parts_of_a_call(left));
    left = left.subspan(now.size());
    const auto sent = send_parts(client, now, doing, writes, outcomes);
    for (const Part& part : now)
      for (const std::size_t i : part.writes) requests[i] = client.request();
    if (sent) continue;
    Failure failure{sent.error()};
    for (const Part& part : now)
      failure.in_flight.insert(failure.in_flight.end(), part.writes.begin(), part.writes.end());
    return failure;
  }
  return std::nullopt;
}

std::size_t known(const Outcomes& outcomes) {
  return static_cast<std::size_t>(std::ranges::count_if(outcomes, &std::optional<RowResult>::has_value));
}

}  // namespace

base::Result<std::vector<RowResult>> write_records(RestClient& client, BulkIngest* bulk, const model::Mapping& mapping,
                                                   std::span<const OrgWrite> writes, std::size_t most_in_group,
                                                   std::vector<std::string>& requests) {
  requests.assign(writes.size(), {});
  const std::string what = "write " + mapping.object + " records";
  const bool once = std::ranges::any_of(writes, [](const OrgWrite& w) { return !w.id && w.upsert_key.empty(); });
  const Doing doing{.what = what, .write = true, .upsert_field = mapping.upsert_field, .once = once};
  Outcomes outcomes(writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i)
    if (auto checked = check_write(mapping, writes[i]); !checked)
      outcomes[i] = std::unexpected(std::move(checked).error());
  const std::size_t refused = known(outcomes);

  const bool with_bulk = bulk != nullptr && !bulk->is_refused() && most_in_group == RestOrg::records_per_collection;
  WritePlan plan = choose_write(writes, with_bulk);
  if (most_in_group == 1) {
    plan.conditional.insert(plan.conditional.end(), plan.collections.begin(), plan.collections.end());
    plan.collections.clear();
  }
  const auto is_settled = [&](std::size_t place) { return outcomes[place].has_value(); };
  std::optional<Failure> failure;
  if (!plan.uploads.empty()) {
    for (std::vector<std::size_t>& places : plan.uploads) std::erase_if(places, is_settled);
    failure = write_uploads(*bulk, mapping, writes, plan.uploads, doing, outcomes, requests);
    for (const std::vector<std::size_t>& places : plan.uploads)
      plan.collections.insert(plan.collections.end(), places.begin(), places.end());
  }
  if (!failure) {
    std::erase_if(plan.collections, is_settled);
    std::erase_if(plan.conditional, is_settled);
    // A single row's condition is given up for them: none of Salesforce's ways has both.
    std::vector<std::size_t> referring;
    for (std::vector<std::size_t>* places : {&plan.conditional, &plan.collections})
      std::erase_if(*places, [&](std::size_t place) {
        if (!looks_like_reference(mapping, writes[place])) return false;
        referring.push_back(place);
        return true;
      });
    std::vector<Part> parts = single_rows(client, mapping, writes, plan.conditional);
    std::ranges::move(collections(client, mapping, writes, plan.collections, most_in_group), std::back_inserter(parts));
    for (Part& part : collections(client, mapping, writes, referring, most_in_group)) {
      part.alone = true;
      parts.push_back(std::move(part));
    }
    failure = write_parts(client, parts, doing, writes, outcomes, requests);
  }
  if (failure) {
    if (known(outcomes) == refused || failure->error.kind == ErrorKind::cancelled)
      return std::unexpected(std::move(failure->error));
    for (const std::size_t i : failure->in_flight)
      if (!outcomes[i]) outcomes[i] = std::unexpected(failure->error);
    // The rest was not sent.
    if (failure->error.kind == ErrorKind::unknown_fate) failure->error.kind = ErrorKind::unreachable;
    for (std::optional<RowResult>& outcome : outcomes)
      if (!outcome) outcome = std::unexpected(failure->error);
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
