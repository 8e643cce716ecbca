#include "salesforce/rest_org.h"

#include <algorithm>
#include <map>

#include "salesforce/bulk_choice.h"
#include "salesforce/bulk_ingest.h"
#include "salesforce/bulk_query.h"
#include "salesforce/composite.h"
#include "salesforce/errors.h"
#include "salesforce/patient_write.h"
#include "salesforce/records.h"
#include "salesforce/rest_client.h"
#include "salesforce/rest_lookup.h"
#include "salesforce/rest_remove.h"
#include "salesforce/rest_write.h"
#include "salesforce/soql.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using core::FoundRecord;
using core::Observation;
using core::Page;
using core::PageRequest;

constexpr std::size_t longest_query_in_url = 2'000;
constexpr std::size_t longest_statement = 90'000;  // of the 100,000 characters that SOQL allows

std::string reading(const model::Mapping& mapping) {
  return "read " + mapping.object + " records";
}

/// Appends what one answer holds; `more` is then what that answer says of it.
base::Result<void> read_page(Json& answer, const PageRequest& request, base::Utc as_of, Page& page) {
  if (page.observed.as_of == base::Utc{}) {
    page.observed.restart(request.mapping->fields.size());
    page.observed.as_of = as_of;
  }
  RETURN_IF_ERROR((RecordDecoder{*request.mapping, request.authors}.read_page(answer, page)));
  if (page.observed.size() + page.observed.unreadable.size() >= request.limit) page.more = true;
  return {};
}

/// Where a poll goes: queryAll shows the recycle bin too.
std::string poll_path(const RestClient& client, const model::Mapping& mapping, const std::string& encoded_query) {
  return client.path((mapping.shows_deleted ? "queryAll?q=" : "query?q=") + encoded_query);
}

/// Which of our keys belong to which places, as the org compares them: without regard to case.
class KeyPlaces {
 public:
  explicit KeyPlaces(std::span<const std::string_view> keys) {
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (!keys[i].empty()) places_[folded(keys[i])].push_back({i, keys[i]});
  }

  /// Puts a record at the places of its key: a living one before a deleted one, an exact key before another case.
  void put(std::string_view key, const FoundRecord& record, std::vector<std::optional<FoundRecord>>& found) {
    const auto at = places_.find(folded(key));
    if (at == places_.end()) return;
    for (const auto& [place, asked] : at->second) {
      const int worth = (record.deleted ? 0 : 2) + (asked == key ? 1 : 0);
      int& best = worth_.try_emplace(place, -1).first->second;
      if (worth <= best) continue;
      best = worth;
      found[place] = record;
    }
  }

 private:
  static std::string folded(std::string_view key) {
    std::string out{key};
    for (char& c : out)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
  }

  std::map<std::string, std::vector<std::pair<std::size_t, std::string_view>>, std::less<>> places_;
  std::map<std::size_t, int> worth_;
};

/// Reads one answer to a lookup; `next` is where it goes on, or empty.
base::Result<void> read_found(Json& answer, const model::Mapping& mapping, KeyPlaces& places,
                              std::vector<std::optional<FoundRecord>>& found, std::string& next) {
  const auto broken = [&] {
    return base::failure(ErrorKind::malformed, "Salesforce's answer to a lookup of " + mapping.object +
                                                   " records could not be read: it is cut short or has another form.");
  };
  JsonObject root;
  bool done = false;
  if (answer.get_object().get(root) || root.find_field_unordered("done").get_bool().get(done)) return broken();
  next = text_at(root, "nextRecordsUrl");
  JsonArray records;
  if (root.find_field_unordered("records").get_array().get(records)) return broken();
  for (auto element : records) {
    JsonObject object;
    bool deleted = false;
    if (element.get_object().get(object)) return broken();
    const auto id = model::RecordId::parse(text_at(object, "Id"));
    if (!id || object.find_field_unordered("IsDeleted").get_bool().get(deleted)) return broken();
    places.put(text_at(object, mapping.upsert_field), {*id, deleted}, found);
  }
  if (!done && !next.starts_with("/services/data/")) return broken();
  if (done) next.clear();
  return {};
}

}  // namespace

RestOrg::RestOrg(Session& session, Transport& transport, std::string api_version, std::optional<BulkAccess> bulk,
                 CallBudget* budget)
    : session_(session),
      client_(std::make_unique<RestClient>(session, transport, std::move(api_version), budget)),
      access_(std::move(bulk)) {
  if (!access_) return;
  bulk_query_ = std::make_unique<BulkQuery>(*client_, *access_);
  bulk_ingest_ = std::make_unique<BulkIngest>(*client_, *access_);
}
RestOrg::~RestOrg() = default;

std::int64_t RestOrg::calls_for(std::size_t writes) {
  constexpr std::size_t records_per_call = records_per_collection * Composite::most_queries;
  if (writes <= conditional_writes_limit()) return writes > 0 ? 1 : 0;
  if (writes >= bulk_write_from) {
    constexpr std::size_t records_per_job = 10'000;  // as many as a push looks at together
    constexpr std::int64_t calls_per_job = 7;        // made, filled, closed, looked at, and what came of it
    return static_cast<std::int64_t>((writes + records_per_job - 1) / records_per_job) * calls_per_job;
  }
  return static_cast<std::int64_t>((writes + records_per_call - 1) / records_per_call);
}

std::int64_t RestOrg::calls() const {
  return client_->calls();
}
ApiUsage RestOrg::usage() const {
  return client_->usage();
}

std::vector<base::Result<Page>> RestOrg::fetch(std::span<const PageRequest> requests) {
  std::vector<base::Result<Page>> pages(requests.size());
  struct Asked {
    std::size_t request;
    std::string query;  ///< Encoded for a URL.
  };
  std::vector<Asked> asked;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (auto page = fetch_in_bulk(requests[i])) {
      pages[i] = *std::move(page);
      continue;
    }
    auto query = soql::keyset_query(*requests[i].mapping, requests[i].after, requests[i].limit, requests[i].authors);
    if (query) {
      asked.push_back({i, url_encoded(*query)});
    } else {
      pages[i] = std::unexpected(std::move(query).error());
    }
  }
  if (asked.size() == 1) {
    const PageRequest& request = requests[asked[0].request];
    const bool is_wide = request.limit > records_per_page && pages_come_together_;
    if (is_wide || asked[0].query.size() <= longest_query_in_url) {
      pages[asked[0].request] = is_wide ? fetch_wide(request, asked[0].query)
                                        : fetch_one(request, poll_path(*client_, *request.mapping, asked[0].query));
      return pages;
    }
  }
  for (std::size_t first = 0; first < asked.size(); first += Composite::most_queries) {
    const std::span group = std::span{asked}.subspan(first, std::min(Composite::most_queries, asked.size() - first));
    Composite composite;
    for (const Asked& each : group)
      composite.add("GET", poll_path(*client_, *requests[each.request].mapping, each.query));
    const bool can_wait =
        std::ranges::all_of(group, [&](const Asked& each) { return requests[each.request].backfill; });
    std::vector<bool> answered(group.size());
    base::Utc as_of{};
    const auto done =
        client_->ask(composite, {.what = "read the changed records of several objects", .backfill = can_wait}, &as_of,
                     [&](std::size_t i, int status, Json& body) -> base::Result<void> {
                       const PageRequest& request = requests[group[i].request];
                       base::Result<Page>& page = pages[group[i].request];
                       answered[i] = true;
                       if (status != 200) {
                         page = std::unexpected(subrequest_error(status, body, {.what = reading(*request.mapping)}));
                       } else if (auto read = read_page(body, request, as_of, *page); !read) {
                         page = std::unexpected(std::move(read).error());
                       }
                       return {};
                     });
    if (done) continue;
    for (std::size_t i = 0; i < group.size(); ++i)
      if (!answered[i]) pages[group[i].request] = std::unexpected(done.error());
  }
  return pages;
}

base::Result<Page> RestOrg::fetch_one(const PageRequest& request, const std::string& path) {
  const std::string what = reading(*request.mapping);
  ASSIGN_OR_RETURN(Answer answer, client_->call("GET", path, {}, {.what = what, .backfill = request.backfill}));
  ASSIGN_OR_RETURN(const base::Utc as_of, date_of(answer));
  if (!client_->reader().open(answer.body))
    return base::failure(ErrorKind::malformed, "Salesforce's answer when asked to " + what + " is not JSON.");
  Page page;
  RETURN_IF_ERROR(read_page(client_->reader().root(), request, as_of, page));
  return page;
}

/// Up to five pages of one query in one call: each further subrequest asks for the nextRecordsUrl of the one before.
/// The reference documents such references for any field of an answer, and the query resource; whether for this pair is
/// not known for certain, so an org that does not follow gets its pages one by one.
base::Result<Page> RestOrg::fetch_wide(const PageRequest& request, const std::string& encoded_query) {
  const Doing doing{.what = "read records", .backfill = request.backfill};
  Composite composite;
  composite.add("GET", poll_path(*client_, *request.mapping, encoded_query));
  while (composite.size() < Composite::most_queries && composite.size() * records_per_page < request.limit)
    composite.add("GET", "@{r" + std::to_string(composite.size() - 1) + ".nextRecordsUrl}");
  Page page;
  base::Utc as_of{};
  bool goes_on = true;
  RETURN_IF_ERROR(
      client_->ask(composite, doing, &as_of, [&](std::size_t i, int status, Json& body) -> base::Result<void> {
        if (i == 0 && status != 200)
          return std::unexpected(subrequest_error(status, body, {.what = reading(*request.mapping)}));
        goes_on = goes_on && status == 200;
        // Behind the last page there is no URL to refer to, and so an error.
        if (!goes_on) {
          pages_come_together_ = pages_come_together_ && !page.more;
          return {};
        }
        return read_page(body, request, as_of, page);
      }));
  return page;
}

std::optional<base::Result<Page>> RestOrg::fetch_in_bulk(const PageRequest& request) {
  const model::Mapping& mapping = *request.mapping;
  if (!bulk_query_) {
    if (!request.bulk) return std::nullopt;
    return base::failure(ErrorKind::precondition, "The Bulk reading of " + mapping.object + " cannot go on here.");
  }
  constexpr int most_failures = 2;
  if (request.bulk) {
    auto page = bulk_query_->read(mapping, *request.bulk, std::min(request.limit, records_per_page));
    if (!page && page.error().kind == ErrorKind::precondition) ++bulk_failures_[mapping.id];
    return page;
  }
  if (request.authors || request.after != model::Keyset{} || bulk_failures_[mapping.id] >= most_failures)
    return std::nullopt;
  const auto records = count(mapping, request.backfill);
  // An object too large to be counted in time is large.
  const bool is_large =
      records ? choose_read(*records) == ReadBy::bulk : records.error().service_code == "QUERY_TIMEOUT";
  if (!is_large) return std::nullopt;
  auto begun = bulk_query_->begin(mapping);
  if (begun || begun.error().kind == ErrorKind::unauthorized) return begun;
  bulk_failures_[mapping.id] = most_failures;  // Not to be had: read page by page.
  return std::nullopt;
}

base::Result<void> RestOrg::finish_earlier_jobs() {
  return bulk_ingest_ ? bulk_ingest_->finish_earlier() : base::Result<void>{};
}

base::Result<Page> RestOrg::slice(const model::Mapping& mapping, const core::IdRange& range, std::size_t limit) {
  ASSIGN_OR_RETURN(const std::string query, soql::slice_query(mapping, range.after, range.through, limit));
  return fetch_one({&mapping, {}, limit}, client_->path("query?q=" + url_encoded(query)));
}

base::Result<std::int64_t> RestOrg::count(const model::Mapping& mapping, bool backfill) {
  ASSIGN_OR_RETURN(const std::string query, soql::count_query(mapping));
  const std::string what = "count " + mapping.object + " records";
  ASSIGN_OR_RETURN(Answer answer, client_->call("GET", client_->path("query?q=" + url_encoded(query)), {},
                                                {.what = what, .backfill = backfill}));
  std::int64_t total = 0;
  if (!client_->reader().open(answer.body) || client_->reader().root()["totalSize"].get_int64().get(total))
    return base::failure(ErrorKind::malformed, "Salesforce's answer when asked to " + what + " names no totalSize.");
  return total;
}

base::Result<Observation> RestOrg::retrieve(const model::Mapping& mapping, std::span<const model::RecordId> ids) {
  RETURN_IF_ERROR(finish_earlier_jobs());
  const std::string what = reading(mapping);
  RETURN_IF_ERROR(soql::check_names(mapping));
  std::string fields;
  for (const std::string& name : soql::selected_fields(mapping, true)) {
    if (!fields.empty()) fields += ',';
    append_json_string(fields, name);
  }
  const auto body_for = [&](std::span<const model::RecordId> chunk) {
    std::string body = "{\"ids\":[";
    for (const model::RecordId& id : chunk) {
      if (!body.ends_with('[')) body += ',';
      append_json_string(body, id.view());
    }
    return body + "],\"fields\":[" + fields + "]}";
  };
  const std::string url = client_->path("composite/sobjects/" + mapping.object);
  RecordDecoder decoder{mapping, true};
  Observation out;
  out.restart(mapping.fields.size());
  const auto chunk_at = [&](std::size_t first) {
    return ids.subspan(first, std::min(records_per_retrieve, ids.size() - first));
  };
  if (ids.empty()) return out;
  if (ids.size() <= records_per_retrieve) {
    ASSIGN_OR_RETURN(Answer answer, client_->call("POST", url, body_for(ids), {.what = what}));
    ASSIGN_OR_RETURN(out.as_of, date_of(answer));
    if (!client_->reader().open(answer.body))
      return base::failure(ErrorKind::malformed, "Salesforce's answer when asked to " + what + " is not JSON.");
    RETURN_IF_ERROR(decoder.read_retrieved(client_->reader().root(), ids, out));
    return out;
  }
  for (std::size_t first = 0; first < ids.size();) {
    Composite composite;
    std::vector<std::span<const model::RecordId>> chunks;
    for (; first < ids.size() && chunks.size() < Composite::most_queries; first += chunks.back().size()) {
      chunks.push_back(chunk_at(first));
      composite.add("POST", url, body_for(chunks.back()));
    }
    base::Utc as_of{};
    RETURN_IF_ERROR(client_->ask(composite, {.what = what}, &as_of,
                                 [&](std::size_t i, int status, Json& body) -> base::Result<void> {
                                   if (status != 200)
                                     return std::unexpected(subrequest_error(status, body, {.what = what}));
                                   return decoder.read_retrieved(body, chunks[i], out);
                                 }));
    // Of several answers the first: no record is younger in here than it says.
    if (out.as_of == base::Utc{}) out.as_of = as_of;
  }
  return out;
}

base::Result<std::vector<std::optional<FoundRecord>>> RestOrg::find(const model::Mapping& mapping,
                                                                    std::span<const std::string_view> keys) {
  RETURN_IF_ERROR(finish_earlier_jobs());
  const std::string what = "look up " + mapping.object + " records by " + mapping.upsert_field;
  const Doing doing{.what = what};
  std::vector<std::string> urls;
  std::vector<std::string_view> group;
  std::size_t length = 0;
  const auto close = [&]() -> base::Result<void> {
    if (group.empty()) return {};
    ASSIGN_OR_RETURN(const std::string query, soql::lookup_query(mapping, group));
    urls.push_back(client_->path("queryAll?q=" + url_encoded(query)));
    group.clear();
    length = 0;
    return {};
  };
  for (const std::string_view key : keys) {
    if (key.empty()) continue;
    const std::size_t cost = soql::quote(key).size() + 1;
    if (group.size() == keys_per_query || length + cost > longest_statement) RETURN_IF_ERROR(close());
    group.push_back(key);
    length += cost;
  }
  RETURN_IF_ERROR(close());

  std::vector<std::optional<FoundRecord>> found(keys.size());
  KeyPlaces places{keys};
  std::vector<std::string> more;
  for (std::size_t first = 0; first < urls.size(); first += Composite::most_queries) {
    Composite composite;
    for (std::size_t i = first; i < std::min(urls.size(), first + Composite::most_queries); ++i)
      composite.add("GET", urls[i]);
    RETURN_IF_ERROR(
        client_->ask(composite, doing, nullptr, [&](std::size_t, int status, Json& body) -> base::Result<void> {
          if (status != 200) return std::unexpected(subrequest_error(status, body, doing));
          std::string next;
          RETURN_IF_ERROR(read_found(body, mapping, places, found, next));
          if (!next.empty()) more.push_back(std::move(next));
          return {};
        }));
  }
  // A key that was made and binned many times can fill more than one answer.
  while (!more.empty()) {
    const std::string url = std::move(more.back());
    more.pop_back();
    ASSIGN_OR_RETURN(Answer answer, client_->call("GET", url, {}, doing));
    if (!client_->reader().open(answer.body))
      return base::failure(ErrorKind::malformed, "Salesforce's answer when asked to " + what + " is not JSON.");
    std::string next;
    RETURN_IF_ERROR(read_found(client_->reader().root(), mapping, places, found, next));
    if (!next.empty()) more.push_back(std::move(next));
  }
  return found;
}

base::Result<Observation> RestOrg::fates(const model::Mapping& mapping, std::span<const model::RecordId> ids) {
  return read_fates(*client_, mapping, ids);
}

base::Result<Observation> RestOrg::created(const model::Mapping& mapping, base::Utc since) {
  if (user_id_.empty()) {
    ASSIGN_OR_RETURN(Identity identity, session_.identity());
    user_id_ = std::move(identity.user_id);
  }
  return read_created(*client_, mapping, user_id_, since);
}

base::Result<std::vector<bool>> RestOrg::fitting(const model::Mapping& mapping, std::span<const model::RecordId> ids) {
  return read_fitting(*client_, mapping, ids);
}

base::Result<Observation> RestOrg::alike(const model::Mapping& mapping, std::span<const std::size_t> rule,
                                         std::span<const std::span<const model::Cell>> rows) {
  RETURN_IF_ERROR(finish_earlier_jobs());
  return read_alike(*client_, mapping, rule, rows);
}

base::Result<std::vector<base::Result<void>>> RestOrg::remove(const model::Mapping& mapping,
                                                              std::span<const core::OrgRemoval> removals) {
  RETURN_IF_ERROR(soql::check_names(mapping));
  return remove_records(*client_, mapping, removals, requests_);
}

base::Result<std::vector<base::Result<model::RecordId>>> RestOrg::write(const model::Mapping& mapping,
                                                                        std::span<const core::OrgWrite> writes) {
  RETURN_IF_ERROR(soql::check_names(mapping));
  RETURN_IF_ERROR(finish_earlier_jobs());
  requests_.assign(writes.size(), {});
  return write_patiently(
      mapping, writes,
      [&](std::span<const core::OrgWrite> some, std::span<const std::size_t> places, std::size_t most_in_group) {
        std::vector<std::string> requests;
        auto results = write_records(*client_, bulk_ingest_.get(), mapping, some, most_in_group, requests);
        for (std::size_t i = 0; i < places.size(); ++i) requests_[places[i]] = std::move(requests[i]);
        return results;
      },
      access_ ? access_->wait : Wait{});
}

base::Result<std::optional<std::int64_t>> RestOrg::record_count(std::string_view object) {
  if (!soql::is_identifier(object))
    return base::failure(ErrorKind::settings, "\"" + std::string{object} + "\" is not the API name of an object.");
  const std::string what = "count the records of " + std::string{object};
  auto answer =
      client_->call("GET", client_->path("limits/recordCount?sObjects=" + std::string{object}), {}, {.what = what});
  // An edition or a version without the resource; the count is worth no more than a hint anyway.
  if (!answer && answer.error().kind == ErrorKind::precondition) return std::nullopt;
  if (!answer) return std::unexpected(std::move(answer).error());
  if (!client_->reader().open(answer->body)) return std::nullopt;
  JsonObject root;
  JsonArray counts;
  if (client_->reader().root().get_object().get(root) || root.find_field_unordered("sObjects").get_array().get(counts))
    return std::nullopt;
  for (auto element : counts) {
    JsonObject entry;
    std::int64_t count = 0;
    if (element.get_object().get(entry)) return std::nullopt;
    if (!entry.find_field_unordered("count").get_int64().get(count)) return count;
  }
  return std::nullopt;
}

base::Result<std::string> RestOrg::describe(std::string_view object) {
  if (!soql::is_identifier(object))
    return base::failure(ErrorKind::settings, "\"" + std::string{object} + "\" is not the API name of an object.");
  const std::string what = "describe " + std::string{object};
  ASSIGN_OR_RETURN(Answer answer, client_->call("GET", client_->path("sobjects/" + std::string{object} + "/describe"),
                                                {}, {.what = what}));
  return std::move(answer.body);
}

}  // namespace salesforce
