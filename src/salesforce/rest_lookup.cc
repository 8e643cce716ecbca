#include "salesforce/rest_lookup.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "salesforce/records.h"
#include "salesforce/soql.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using core::Observation;

constexpr std::size_t ids_per_query = 300;
constexpr std::size_t rows_per_query = 300;
constexpr std::size_t longest_statement = 90'000;  // of the 100,000 characters that SOQL allows

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

void append_copy(const Observation& from, std::size_t at, Observation& to) {
  to.heads.push_back(from.heads[at]);
  to.heads.back().upsert_key = to.cells.text().copy(from.heads[at].upsert_key);
  const auto cells = to.cells.add();
  for (std::size_t f = 0; f < cells.size(); ++f) {
    const model::Cell& cell = from.cells[at][f];
    cells[f] = cell.has_text() ? model::Cell{to.cells.text().copy(cell.text())} : cell;
  }
}

/// Reads the answers to several queries into one page, which is as of the first.
base::Result<void> read_all(RestClient& client, RecordDecoder& decoder, const Doing& doing,
                            std::span<const std::string> urls, core::Page& page) {
  std::vector<std::string> more;
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
  return {};
}

/// The ids in one answer to a query.
base::Result<void> read_ids(Json& answer, const Doing& doing, std::unordered_set<model::RecordId>& ids) {
  const auto broken = [&] {
    return base::failure(ErrorKind::malformed, "Salesforce's answer when asked to " + std::string{doing.what} +
                                                   " could not be read: it is cut short or has another form.");
  };
  JsonObject root;
  JsonArray records;
  bool done = false;
  if (answer.get_object().get(root) || root.find_field_unordered("done").get_bool().get(done) || !done ||
      root.find_field_unordered("records").get_array().get(records))
    return broken();
  for (auto element : records) {
    JsonObject object;
    if (element.get_object().get(object)) return broken();
    const auto id = model::RecordId::parse(text_at(object, "Id"));
    if (!id) return broken();
    ids.insert(*id);
  }
  return {};
}

}  // namespace

base::Result<std::vector<bool>> read_fitting(RestClient& client, const model::Mapping& mapping,
                                             std::span<const model::RecordId> ids) {
  const std::string what = "compare " + mapping.object + " records with the filter";
  const Doing doing{.what = what};
  std::vector<std::string> urls;
  for (std::size_t first = 0; first < ids.size(); first += ids_per_query) {
    ASSIGN_OR_RETURN(const std::string query,
                     soql::fitting_query(mapping, ids.subspan(first, std::min(ids_per_query, ids.size() - first))));
    urls.push_back(client.path("query?q=" + url_encoded(query)));
  }
  std::unordered_set<model::RecordId> fit;
  for (std::size_t first = 0; first < urls.size(); first += Composite::most_queries) {
    Composite composite;
    for (std::size_t i = first; i < std::min(urls.size(), first + Composite::most_queries); ++i)
      composite.add("GET", urls[i]);
    RETURN_IF_ERROR(
        client.ask(composite, doing, nullptr, [&](std::size_t, int status, Json& body) -> base::Result<void> {
          if (status != 200) return std::unexpected(subrequest_error(status, body, doing));
          return read_ids(body, doing, fit);
        }));
  }
  std::vector<bool> out;
  for (const model::RecordId& id : ids) out.push_back(fit.contains(id));
  return out;
}

base::Result<Observation> read_alike(RestClient& client, const model::Mapping& mapping,
                                     std::span<const std::size_t> rule,
                                     std::span<const std::span<const model::Cell>> rows) {
  const std::string what = "look up the " + mapping.object + " records that match rows";
  const Doing doing{.what = what};
  std::vector<std::string> urls;
  std::size_t first = 0, length = 0;
  const auto ask_to = [&](std::size_t end) -> base::Result<void> {
    if (first == end) return {};
    ASSIGN_OR_RETURN(const std::string query, soql::alike_query(mapping, rule, rows.subspan(first, end - first)));
    urls.push_back(client.path("query?q=" + url_encoded(query)));
    first = end;
    length = 0;
    return {};
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::size_t cost = 8;
    for (const std::size_t field : rule)
      cost += soql::quote(rows[i][field].text()).size() + mapping.fields[field].org_field.size() + 8;
    if (i - first == rows_per_query || length + cost > longest_statement) RETURN_IF_ERROR(ask_to(i));
    length += cost;
  }
  RETURN_IF_ERROR(ask_to(rows.size()));
  RecordDecoder decoder{mapping};
  core::Page page;
  page.observed.restart(mapping.fields.size());
  RETURN_IF_ERROR(read_all(client, decoder, doing, urls, page));

  // Rows of different queries may fit one record.
  Observation out;
  out.restart(mapping.fields.size());
  out.as_of = page.observed.as_of;
  std::unordered_set<model::RecordId> seen;
  for (std::size_t i = 0; i < page.observed.size(); ++i) {
    if (!seen.insert(page.observed.heads[i].id).second) continue;
    append_copy(page.observed, i, out);
  }
  for (core::Unreadable& record : page.observed.unreadable) {
    if (!seen.insert(record.id).second) continue;
    record.at = out.size();
    out.unreadable.push_back(std::move(record));
  }
  return out;
}

base::Result<Observation> read_fates(RestClient& client, const model::Mapping& mapping,
                                     std::span<const model::RecordId> ids) {
  const std::string what = "look up what became of " + mapping.object + " records";
  const Doing doing{.what = what};
  RecordDecoder decoder{mapping};
  core::Page page;
  page.observed.restart(mapping.fields.size());
  std::vector<std::string> urls;
  for (std::size_t first = 0; first < ids.size(); first += ids_per_query) {
    ASSIGN_OR_RETURN(const std::string query,
                     soql::by_ids_query(mapping, ids.subspan(first, std::min(ids_per_query, ids.size() - first))));
    urls.push_back(client.path((mapping.shows_deleted ? "queryAll?q=" : "query?q=") + url_encoded(query)));
  }
  RETURN_IF_ERROR(read_all(client, decoder, doing, urls, page));

  // One head an id, in the order of the question.
  std::unordered_map<model::RecordId, std::size_t> row_of;
  for (std::size_t row = 0; row < page.observed.size(); ++row) row_of[page.observed.heads[row].id] = row;
  Observation out;
  out.restart(mapping.fields.size());
  out.as_of = page.observed.as_of;
  for (const model::RecordId& id : ids) {
    if (const auto found = row_of.find(id); found != row_of.end()) {
      append_copy(page.observed, found->second, out);
    } else {
      out.heads.push_back({});
      out.cells.add();
    }
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
  decoder.read_creation();
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
