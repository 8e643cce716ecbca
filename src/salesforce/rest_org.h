#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/survey.h"
#include "salesforce/api_usage.h"
#include "salesforce/auth.h"
#include "salesforce/bulk_access.h"
#include "salesforce/call_budget.h"
#include "salesforce/transport.h"

namespace salesforce {

class BulkIngest;
class BulkQuery;
class RestClient;

/// A Salesforce org over its REST API, and over its Bulk API where that takes fewer calls (see bulk_choice.h).
///
/// Puts as much as it can into one call: five polls or five pages of one, five lookups, ten thousand records retrieved,
/// a thousand written. A request that provably did
/// not get out is made once more at once, an expired session is renewed once; any other waiting is the caller's.
/// Records that a call cannot decide are errors of their own; a call fails as a whole only if none of its records
/// were written and known to be.
///
/// Records that somebody holds are tried again while `bulk` says how to wait (see patient_write.h), else by a later
/// run. Used by one thread. Session, transport and what `bulk` names are borrowed.
class RestOrg final : public core::Org, public core::OrgSurvey {
 public:
  static constexpr std::size_t records_per_page = 2'000;
  static constexpr std::size_t records_per_retrieve = 2'000;
  static constexpr std::size_t records_per_collection = 200;
  static constexpr std::size_t keys_per_query = 300;

  /// Without `bulk` everything goes by REST; without `budget` (borrowed) every call goes out.
  RestOrg(Session& session, Transport& transport, std::string api_version = "66.0",
          std::optional<BulkAccess> bulk = std::nullopt, CallBudget* budget = nullptr);
  ~RestOrg() override;

  std::vector<base::Result<core::Page>> fetch(std::span<const core::PageRequest> requests) override;
  base::Result<core::Observation> retrieve(const model::Mapping& mapping,
                                           std::span<const model::RecordId> ids) override;
  base::Result<std::vector<std::optional<core::FoundRecord>>> find(const model::Mapping& mapping,
                                                                   std::span<const std::string_view> keys) override;
  base::Result<core::Observation> fates(const model::Mapping& mapping, std::span<const model::RecordId> ids) override;
  base::Result<core::Observation> created(const model::Mapping& mapping, base::Utc since) override;
  base::Result<std::vector<bool>> fitting(const model::Mapping& mapping, std::span<const model::RecordId> ids) override;
  base::Result<core::Observation> alike(const model::Mapping& mapping, std::span<const std::size_t> rule,
                                        std::span<const std::span<const model::Cell>> rows) override;
  base::Result<std::vector<base::Result<void>>> remove(const model::Mapping& mapping,
                                                       std::span<const core::OrgRemoval> removals) override;
  base::Result<std::vector<base::Result<model::RecordId>>> write(const model::Mapping& mapping,
                                                                 std::span<const core::OrgWrite> writes) override;
  std::string request_of(std::size_t write) const override {
    return write < requests_.size() ? requests_[write] : std::string{};
  }

  base::Result<core::Page> slice(const model::Mapping& mapping, const core::IdRange& range, std::size_t limit) override;
  base::Result<std::int64_t> count(const model::Mapping& mapping) override { return count(mapping, false); }

  /// Most writes in one write() that honour `unless_changed_since`.
  static constexpr std::size_t conditional_writes_limit() { return 25; }

  /// The object's describe as the org sent it, for parse_describe().
  base::Result<std::string> describe(std::string_view object);

  /// About how many calls write() takes for so many records, when none has to be tried again.
  static std::int64_t calls_for(std::size_t writes);
  /// About how many records the object has, those that the sync user may not see included. Nothing where the org does
  /// not say. Source: REST API Developer Guide, "Record Count".
  base::Result<std::optional<std::int64_t>> record_count(std::string_view object);

  std::int64_t calls() const;  ///< What we spent of the API budget so far.
  ApiUsage usage() const;

 private:
  /// The whole object in bulk, if that was begun or is worth it; nothing if its pages are to be read.
  std::optional<base::Result<core::Page>> fetch_in_bulk(const core::PageRequest& request);
  base::Result<core::Page> fetch_one(const core::PageRequest& request, const std::string& path);
  base::Result<core::Page> fetch_wide(const core::PageRequest& request, const std::string& encoded_query);
  base::Result<std::int64_t> count(const model::Mapping& mapping, bool backfill);
  base::Result<void> finish_earlier_jobs();

  Session& session_;
  std::unique_ptr<RestClient> client_;
  std::string user_id_;  ///< Ours, once asked for.
  const std::optional<BulkAccess> access_;
  std::unique_ptr<BulkQuery> bulk_query_;    ///< Null without access.
  std::unique_ptr<BulkIngest> bulk_ingest_;  ///< The same.
  std::map<model::MappingId, int> bulk_failures_;
  bool pages_come_together_ = true;    ///< Whether the org follows nextRecordsUrl within one call.
  std::vector<std::string> requests_;  ///< One a write of the last write(), or a removal of the last remove().
};

}  // namespace salesforce
