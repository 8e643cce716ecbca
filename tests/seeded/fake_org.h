#pragma once

#include <map>
#include <vector>

#include "base/clock.h"
#include "choices.h"
#include "sides.h"
#include "weather.h"

namespace seeded {

/// A small fast org: records with references, a recycle bin, merges, transactions that commit late, a trigger that
/// changes what is saved. Keeps the promises of core::Org and the habits of Salesforce that matter to a sync.
class FakeOrg final : public OrgSide, public core::Org {
 public:
  explicit FakeOrg(base::Utc start) : clock_(start) { records_.resize(objects().size()); }

  /// From now on the org appends a mark to what is saved in the last plain field of every object.
  void set_trigger(bool on) { trigger_ = on; }
  std::size_t bulk_records = 0;  ///< Handed out so far.
  /// From now on a rule of the org refuses some values of text fields, whoever sends them through the API.
  void set_rule(bool on) { rule_ = on; }
  bool refuses(std::size_t object, std::size_t field, const Text& value) const;
  std::map<std::string, std::size_t> refusals;  ///< How often each such value was sent.
  std::size_t dead_parents = 0;                 ///< Writes that named a parent which is not there.
  /// Told of every value that the trigger makes: what was saved, what it became.
  std::function<void(const std::string&, const std::string&)> on_trigger;

  /// From now on what is read from the beginning may be read by Bulk jobs, as the weather will have it at the time.
  void offer_bulk(Choices& choices, const Weather& weather) {
    choices_ = &choices;
    weather_ = &weather;
  }

  // OrgSide
  core::Org& org() override { return *this; }
  std::vector<RecordView> records(std::size_t object) override;
  bool create(std::size_t object, const Fields& fields, std::chrono::milliseconds late) override;
  bool edit(std::size_t object, const model::RecordId&, std::size_t field, const Text& value,
            std::chrono::milliseconds late) override;
  void remove(std::size_t object, const model::RecordId&) override;
  bool undelete(std::size_t object, const model::RecordId&) override;
  void purge(std::size_t object, const model::RecordId&) override;
  void merge(std::size_t object, const model::RecordId& winner, const model::RecordId& loser) override;
  void pass_time(std::chrono::milliseconds by) override;
  base::Utc now() const override { return clock_.now(); }

  // core::Org
  std::vector<base::Result<core::Page>> fetch(std::span<const core::PageRequest>) override;
  base::Result<core::Observation> retrieve(const model::Mapping&, std::span<const model::RecordId>) override;
  base::Result<core::Observation> fates(const model::Mapping&, std::span<const model::RecordId>) override;
  base::Result<core::Observation> created(const model::Mapping&, base::Utc since) override;
  base::Result<std::vector<std::optional<core::FoundRecord>>> find(const model::Mapping&,
                                                                   std::span<const std::string_view> keys) override;
  base::Result<std::vector<bool>> fitting(const model::Mapping&, std::span<const model::RecordId>) override;
  base::Result<core::Observation> alike(const model::Mapping&, std::span<const std::size_t> rule,
                                        std::span<const std::span<const model::Cell>> rows) override;
  base::Result<std::vector<base::Result<void>>> remove(const model::Mapping&,
                                                       std::span<const core::OrgRemoval>) override;
  base::Result<std::vector<base::Result<model::RecordId>>> write(const model::Mapping&,
                                                                 std::span<const core::OrgWrite>) override;

 private:
  struct Record {
    model::RecordId id;
    std::string key;
    Fields fields;
    base::Utc stamp{}, created{};
    bool deleted = false, purged = false;
    bool hidden = false;  ///< Made in a transaction that is still open.
    bool busy = false;    ///< Held by one.
    bool ours = false;
    model::RecordId master;
    std::vector<model::RecordId> taken_along;  ///< Children that were deleted with it.
    struct Cleared {
      std::size_t object;
      model::RecordId id;
      std::size_t field;
    };
    std::vector<Cleared> cleared;  ///< References to it that its deletion emptied.
  };
  struct Late {
    base::Utc due, stamp;
    model::RecordId id;
    std::size_t object = 0, field = 0;
    Text value;
    bool creates = false;
  };

  /// Reads half of an object's records at one time, the rest at another, and hands them out in no order.
  struct BulkJob {
    base::Utc runs_at;
    int halves = 0;
    bool lost = false;
    std::string filter;
    std::vector<Record> rows;
  };

  core::Page begin_bulk(const model::Mapping&);
  base::Result<core::Page> fetch_in_bulk(const core::PageRequest&);
  void run_job(std::size_t object, BulkJob&);
  base::Utc soon() const { return clock_.now() + std::chrono::milliseconds{choices_->below(5'000)}; }
  /// Fills the references to a record again that its deletion emptied, but for those that lead elsewhere by now.
  /// Source: Apex Reference Guide, "undelete": relationships that are restored unless they were replaced.
  void refer_again(Record&);
  Record* find_record(std::size_t object, const model::RecordId&);
  Record* living(std::size_t object, const model::RecordId&);
  std::size_t object_of(const model::Mapping&) const;
  Record& add(std::size_t object, const Fields& fields);
  /// Held by a transaction, or so is something that refers to it and would be touched by its deletion.
  bool is_held(std::size_t object, const Record& record) const;
  void set(std::size_t object, Record&, std::size_t field, Text value);
  void bin(std::size_t object, Record&, std::vector<model::RecordId>* taken);
  static const Text& value_of(std::size_t object, const Record& record, std::string_view org_field);
  static bool fits(const std::string& filter, std::size_t object, const Record& record);
  void observe(const model::Mapping&, std::size_t object, const Record&, core::Observation&) const;
  core::Observation observation(const model::Mapping&) const;
  base::Utc second() const { return base::whole_second(clock_.now()); }

  base::ManualClock clock_;
  std::vector<std::vector<Record>> records_;
  std::vector<Late> late_;
  std::map<std::string, BulkJob> jobs_;
  Choices* choices_ = nullptr;
  const Weather* weather_ = nullptr;
  bool trigger_ = false, rule_ = false;
};

}  // namespace seeded
