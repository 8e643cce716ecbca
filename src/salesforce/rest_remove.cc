#include "salesforce/rest_remove.h"

#include <algorithm>
#include <optional>

namespace salesforce {
namespace {

using base::ErrorKind;
using core::OrgRemoval;
using Outcomes = std::vector<std::optional<base::Result<void>>>;

constexpr std::size_t records_per_collection = 200;

struct Part {
  std::string method, url, body;
  std::vector<std::size_t> removals;
};

/// Deletes first, then archives; each a collection of its own kind.
std::vector<Part> parts_of(const RestClient& client, const model::Mapping& mapping,
                           std::span<const OrgRemoval> removals) {
  std::vector<Part> parts;
  for (const bool archive : {false, true}) {
    Part part;
    const auto close = [&] {
      if (part.removals.empty()) return;
      if (archive) {
        part.body = "{\"allOrNone\":false,\"records\":[" + part.body + "]}";
      } else {
        part.url += "&allOrNone=false";
      }
      parts.push_back(std::move(part));
      part = {};
    };
    for (std::size_t i = 0; i < removals.size(); ++i) {
      if (removals[i].archive != archive) continue;
      if (part.removals.size() == records_per_collection) close();
      if (part.removals.empty()) {
        part.method = archive ? "PATCH" : "DELETE";
        part.url = client.path(archive ? "composite/sobjects" : "composite/sobjects?ids=");
      } else {
        (archive ? part.body : part.url) += ',';
      }
      part.removals.push_back(i);
      if (archive) {
        part.body += "{\"attributes\":{\"type\":\"" + mapping.object + "\"},\"id\":\"" + removals[i].id.str() +
                     "\",\"" + mapping.archive_field + "\":true}";
      } else {
        part.url += removals[i].id.view();
      }
    }
    close();
  }
  return parts;
}

/// A record that is gone already needs no deleting.
bool is_gone(const ServiceError& error) {
  return error.code == "ENTITY_IS_DELETED" || error.code == "NOT_FOUND" || error.code == "INVALID_CROSS_REFERENCE_KEY";
}

/// False if the answer makes no sense.
bool read_part(const Part& part, int status, Json& body, const Doing& doing, Outcomes& outcomes) {
  if (status < 200 || status >= 300) {
    const base::Error error = subrequest_error(status, body, doing);
    for (const std::size_t i : part.removals) outcomes[i] = std::unexpected(error);
    return true;
  }
  JsonArray rows;
  if (body.get_array().get(rows)) return false;
  std::size_t place = 0;
  for (auto row : rows) {
    JsonObject object;
    if (place == part.removals.size() || row.get_object().get(object)) return false;
    auto& outcome = outcomes[part.removals[place++]];
    bool success = false;
    if (object.find_field_unordered("success").get_bool().get(success)) return false;
    outcome = base::Result<void>{};
    if (success) continue;
    Json errors;
    if (object.find_field_unordered("errors").get(errors)) return false;
    const ServiceError error = first_service_error(errors);
    if (!is_gone(error)) outcome = std::unexpected(row_error(error, doing));
  }
  return place == part.removals.size();
}

}  // namespace

base::Result<std::vector<base::Result<void>>> remove_records(RestClient& client, const model::Mapping& mapping,
                                                             std::span<const OrgRemoval> removals,
                                                             std::vector<std::string>& requests) {
  requests.assign(removals.size(), {});
  const std::string what = "delete " + mapping.object + " records";
  const Doing doing{.what = what, .write = true};
  Outcomes outcomes(removals.size());
  const std::vector<Part> parts = parts_of(client, mapping, removals);
  for (std::size_t first = 0; first < parts.size(); first += Composite::most_queries) {
    const std::span now = std::span{parts}.subspan(first, std::min(Composite::most_queries, parts.size() - first));
    Composite composite;
    for (const Part& part : now) composite.add(part.method, part.url, part.body);
    const auto sent =
        client.ask(composite, doing, nullptr, [&](std::size_t i, int status, Json& body) -> base::Result<void> {
          if (read_part(now[i], status, body, doing, outcomes)) return {};
          return base::failure(ErrorKind::malformed,
                               "Salesforce's answer to a delete could not be read: it is cut short or "
                               "has another form. The records are read again.");
        });
    for (const Part& part : now)
      for (const std::size_t i : part.removals) requests[i] = client.request();
    if (sent) continue;
    if (first == 0) return std::unexpected(sent.error());
    for (auto& outcome : outcomes)
      if (!outcome) outcome = std::unexpected(sent.error());
    break;
  }
  std::vector<base::Result<void>> results;
  for (auto& outcome : outcomes) {
    CHECK(outcome.has_value());
    results.push_back(*std::move(outcome));
  }
  return results;
}

}  // namespace salesforce
