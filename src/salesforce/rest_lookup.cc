#include "salesforce/rest_lookup.h"

#include <algorithm>
#include <unordered_map>

#include "salesforce/records.h"
#include "salesforce/soql.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using core::Observation;

constexpr std::size_t ids_per_query = 300;

base::Result<void> read_rest(RestClient& client, RecordDecoder& decoder, const Doing& doing, core::Page& page,
                             std::string next) {
  while (!next.empty()) {
    if (!next.starts_with("/services/data/"))
      return base::failure(ErrorKind::malformed, "Salesforce's answer when asked to " + std::string{doing.what} +
                                                     " names no place to go on from.");
    ASSIGN_OR_RETURN(Answer answer, client.call("GET", next, {}, doing));
    if (!client.reader().open(answer.body))
      return base::failure(ErrorKind::malformed,
                           "Salesforce's answer when asked to " + std::string{doing.what} + " is not JSON.");
    RETURN_IF_ERROR(decoder.read_page(client.reader().root(), page, &next));
  }
  return {};
}

}  // namespace

base::Result<Observation> read_fates(RestClient& client, const model::Mapping& mapping,
                                     std::span<const model::RecordId> ids) {
  const std::string what = "look up what became of " + mapping.object + " records";
  const Doing doing{.what = what};
  RecordDecoder decoder{mapping};
  core::Page page;
  page.observed.restart(mapping.fields.size());
  std::vector<std::string> urls, more;
  for (std::size_t first = 0; first < ids.size(); first += ids_per_query) {
    ASSIGN_OR_RETURN(const std::string query,
                     soql::by_ids_query(mapping, ids.subspan(first, std::min(ids_per_query, ids.size() - first))));
    urls.push_back(client.path((mapping.shows_deleted ? "queryAll?q=" : "query?q=") + url_encoded(query)));
  }
  for (std::size_t first = 0; first < urls.size(); first += Composite::most_queries) {
    Composite composite;
    for (std::size_t i = first; i < std::min(urls.size(), first + Composite::most_queries); ++i)
      composite.add("GET", urls[i]);
    base::Utc as_of{};
    RETURN_IF_ERROR(
        client.ask(composite, doing, &as_of, [&](std::size_t, int status, Json& body) -> base::Result<void> {
          if (status != 200) return std::unexpected(subrequest_error(status, body, doing));
          std::string next;
          RETURN_IF_ERROR(decoder.read_page(body, page, &next));
          if (!next.empty()) more.push_back(std::move(next));
          return {};
        }));
    if (first == 0) page.observed.as_of = as_of;
  }
  for (std::string& next : more) RETURN_IF_ERROR(read_rest(client, decoder, doing, page, std::move(next)));

  // One head an id, in the order of the question.
  std::unordered_map<model::RecordId, std::size_t> row_of;
  for (std::size_t row = 0; row < page.observed.size(); ++row) row_of[page.observed.heads[row].id] = row;
  Observation out;
  out.restart(mapping.fields.size());
  out.as_of = page.observed.as_of;
  for (const model::RecordId& id : ids) {
    const auto cells = out.cells.add();
    const auto found = row_of.find(id);
    out.heads.push_back(found == row_of.end() ? core::RecordHead{} : page.observed.heads[found->second]);
    if (found == row_of.end()) continue;
    out.heads.back().upsert_key = out.cells.text().copy(out.heads.back().upsert_key);
    const auto from = page.observed.cells[found->second];
    for (std::size_t f = 0; f < cells.size(); ++f)
      cells[f] = from[f].has_text() ? model::Cell{out.cells.text().copy(from[f].text())} : from[f];
  }
  for (core::Unreadable& record : page.observed.unreadable) {
    record.at = static_cast<std::size_t>(std::ranges::find(ids, record.id) - ids.begin());
    out.unreadable.push_back(std::move(record));
  }
  return out;
}

base::Result<Observation> read_created(RestClient& client, const model::Mapping& mapping, std::string_view user,
                                       base::Utc since) {
  const std::string what = "look up the " + mapping.object + " records that we created";
  const Doing doing{.what = what};
  ASSIGN_OR_RETURN(const std::string query, soql::created_query(mapping, user, since));
  RecordDecoder decoder{mapping};
  core::Page page;
  page.observed.restart(mapping.fields.size());
  // In the body of a composite call, because it may be longer than a URL.
  Composite composite;
  composite.add("GET", client.path((mapping.shows_deleted ? "queryAll?q=" : "query?q=") + url_encoded(query)));
  std::string next;
  RETURN_IF_ERROR(client.ask(composite, doing, &page.observed.as_of,
                             [&](std::size_t, int status, Json& body) -> base::Result<void> {
                               if (status != 200) return std::unexpected(subrequest_error(status, body, doing));
                               return decoder.read_page(body, page, &next);
                             }));
  RETURN_IF_ERROR(read_rest(client, decoder, doing, page, std::move(next)));
  return std::move(page.observed);
}

}  // namespace salesforce
