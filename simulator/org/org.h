#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "simulator/org/api_error.h"
#include "simulator/org/caller.h"
#include "simulator/org/cursors.h"
#include "simulator/org/row_locks.h"
#include "simulator/org/rules.h"
#include "simulator/org/world.h"

namespace simulator {

struct OrgOptions {
  SampleOptions sample;
  SchemaOptions schema;
  bool short_pages = false;  ///< Query pages may be shorter than asked for.
};

/// What getUpdated and getDeleted answer.
struct Replicated {
  std::vector<std::uint64_t> numbers;      ///< In the order of their stamps.
  base::Utc latest_covered, earliest_available;
};

struct LeadConversion {
  std::optional<std::uint64_t> account = {}, contact = {};  ///< To be used; made if missing.
  bool makes_opportunity = true;
  std::string opportunity_name = {};              ///< The company's name, unless given.
  std::string status = "Closed - Converted";
};
struct ConvertedLead {
  std::uint64_t account = 0, contact = 0, opportunity = 0;  ///< Numbers; 0: none.
};

struct Written {
  std::uint64_t number = 0;
  bool created = false;
};

/// A Salesforce org in memory: its records, their rules, its queries. It opens no socket and takes time only from
/// the clock it is given, so equal calls at equal times give equal answers. Used by one thread at a time.
class Org {
 public:
  /// The sample data's stamps lie in the year before the clock's time now. The clock must outlive the org.
  Org(const base::Clock& clock, const OrgOptions& options);
  /// With a schema from make_schema(), describe files included.
  Org(const base::Clock& clock, const OrgOptions& options, Schema objects);

  const Schema& schema() const { return world_.schema; }
  const World& world() const { return world_; }
  /// When what describe answers last changed.
  base::Utc schema_changed() const { return base::Utc{std::chrono::seconds{schema_changed_}}; }
  const base::Clock& clock() const { return clock_; }
  std::string id_of(RecordKey record) const;

  // Finding.

  /// NOT_FOUND, naming no such object, like the resource itself.
  Outcome<const Object*> object(std::string_view name) const;
  /// A living record by the id that a caller gave. MALFORMED_ID, NOT_FOUND, ENTITY_IS_DELETED.
  Outcome<std::uint64_t> by_id(const Object& object, std::string_view id, const Caller& caller = {}) const;
  /// The place of a field that identifies (external id or lookup). NOT_FOUND for others.
  Outcome<std::size_t> key_field(const Object& object, std::string_view field) const;
  /// Living records with this key, ascending.
  std::vector<std::uint64_t> by_key(const Object& object, std::size_t field, std::string_view key) const;

  // Writing. Values by name come as JSON; an upload finds its columns once and then gives cells.

  /// "LastName", "Account.Ext__c", or "Lead:Who.Email" where a reference may lead to several objects. INVALID_FIELD.
  Outcome<Column> column(const Object& object, std::string_view name) const;
  /// The value of a CSV file for a column. Text lives in `text` or `arena`.
  Outcome<Cell> read(const Object& object, const Column& column, std::string_view text, base::Arena& arena) const;

  Outcome<std::uint64_t> insert(const Object& object, std::span<const Assignment> values, const Caller& caller = {});
  Outcome<std::uint64_t> insert(const Object& object, const boost::json::object& values, const Caller& caller = {});
  Outcome<void> update(const Object& object, std::uint64_t number, std::span<const Assignment> values,
                       const Caller& caller = {});
  Outcome<void> update(const Object& object, std::uint64_t number, const boost::json::object& values,
                       const Caller& caller = {});
  /// Inserts or updates by the key. Status 300 when several records carry it.
  Outcome<Written> upsert(const Object& object, std::size_t field, std::string_view key,
                          std::span<const Assignment> values, const Caller& caller = {});
  Outcome<Written> upsert(const Object& object, std::size_t field, std::string_view key,
                          const boost::json::object& values, const Caller& caller = {});

  /// Moves a living record, and the children it takes along, to the recycle bin. Objects that have none lose it.
  Outcome<void> remove(const Object& object, std::uint64_t number, const Caller& caller = {});
  /// Brings a record back from the recycle bin, with the children that went along. UNDELETE_FAILED.
  Outcome<void> undelete(const Object& object, std::uint64_t number, const Caller& caller = {});
  /// Removes a record, living or in the recycle bin, for good, and its children with it.
  Outcome<void> hard_delete(const Object& object, std::uint64_t number, const Caller& caller = {});
  /// Removes for good what lies in the recycle bin. Returns how many records.
  std::size_t empty_recycle_bin();
  /// Removes what has lain in the recycle bin for 15 days.
  void pass_time();

  /// Joins up to two records into one: their children move to it, they go to the recycle bin with its id as
  /// MasterRecordId, and `values` are written to it. MERGE_FAILED, INVALID_MERGE_RECORD.
  Outcome<void> merge(const Object& object, std::uint64_t master, std::span<const std::uint64_t> losers,
                      const boost::json::object& values, const Caller& caller = {});
  /// Makes a lead an account, a contact and an opportunity; the lead can then no longer be changed.
  Outcome<ConvertedLead> convert_lead(std::uint64_t number, const LeadConversion& conversion, const Caller& caller = {});

  // What an organisation does behind a client's back.

  /// Replaces all rules: see Rules for their form. The message says what is wrong; the old rules then stay.
  Outcome<void> set_rules(std::string_view json);
  const Rules& rules() const { return rules_; }
  /// Writes any field, calculated ones too, without moving a stamp: a formula or a roll-up with another result.
  Outcome<void> set_silently(const Object& object, std::uint64_t number, const boost::json::object& values);
  /// Hides a record from the API's users, or shows it again.
  void hide(RecordKey record, bool hidden) { table(record).hide(record.number, hidden); }
  /// Hides a field from the API's users by field-level security, or shows it again.
  void hide_field(const Object& object, std::size_t field, bool hidden);
  /// A field made at run time. Nobody sees it before a permission set grants it.
  std::size_t add_field(const Object& object, Field field);

  /// A transaction that takes its time: what is written in it carries the stamps of the writing, is seen by nobody
  /// until it is committed, and locks what it touches.
  std::uint64_t open_late();
  /// Runs `write` with the caller it must use. NOT_FOUND for a transaction that is not open.
  Outcome<void> write_late(std::uint64_t transaction, Caller caller,
                           const std::function<Outcome<void>(const Caller&)>& write);
  Outcome<void> end_late(std::uint64_t transaction, bool commit);

  // Replication. Times count by whole minutes. INVALID_REPLICATION_DATE, EXCEEDED_ID_LIMIT.

  Outcome<Replicated> updated(const Object& object, base::Utc start, base::Utc end) const;
  Outcome<Replicated> deleted(const Object& object, base::Utc start, base::Utc end) const;

  // Queries.

  /// Runs a query and answers its first page as JSON. `root` is "/services/data/v66.0".
  Outcome<std::string> query(std::string_view statement, bool with_deleted, std::size_t page_size,
                             std::string_view root, const Caller& caller = {});
  /// The page behind a nextRecordsUrl: "01g…-2000".
  Outcome<std::string> next_page(std::string_view locator, std::string_view root, const Caller& caller = {});

  /// What a query of this caller takes for today, and for the caller's own records.
  Asking asking(const Caller& caller = {}) const { return asking_of(world_, clock_.now(), caller.user); }

  /// The record as JSON with these fields. The record exists.
  std::string record_json(const Projection& projection, std::uint64_t number, std::string_view root) const;

  /// Locks of requests in flight: see Caller::request.
  RowLocks& locks() { return locks_; }

  /// Changes until the end of its life, or nothing if commit() was not called. They may nest.
  class Transaction {
   public:
    explicit Transaction(Org& org) : org_(org), start_(org.undo_.size()) { ++org.open_transactions_; }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    void commit() { committed_ = true; }

   private:
    Org& org_;
    std::size_t start_;
    bool committed_ = false;
  };

 private:
  struct Undo {
    RecordKey record;
    std::optional<Row> before;
  };
  /// What went with a record into the recycle bin, and comes back with it.
  struct Deletion {
    struct Cleared {
      RecordKey of;
      std::size_t field;
      RecordKey to;
    };
    std::vector<RecordKey> children;
    std::vector<Cleared> cleared;  ///< References to it and to them.
  };
  struct LateTransaction {
    std::uint32_t opened = 0;
    std::uint64_t holder = 0;                               ///< Of locks.
    std::vector<std::pair<RecordKey, std::optional<Row>>> rows;  ///< What each record becomes; nothing: it goes.
  };
  struct Binned {
    std::uint32_t second;
    RecordKey record;
  };

  void seed();
  void seed(const Object& object, std::uint64_t number, const boost::json::object& values);
  std::uint32_t now_second() const;
  Table& table(RecordKey record) { return world_.tables[record.object]; }
  /// Stores a row with new stamps.
  void change(RecordKey record, Row row, const Caller& caller);
  /// Stores a row as it is.
  void store(RecordKey record, Row row);
  void erase(RecordKey record);

  Outcome<std::vector<Assignment>> assignments(const Object& object, const boost::json::object& values, bool creating,
                                               base::Arena& arena) const;
  Outcome<Cell> parent_by_key(const Object& parent, std::size_t field, std::string_view key) const;
  Outcome<Column> parent_column(const Object& object, std::size_t reference, const boost::json::object& key) const;
  Outcome<Cell> parent_of(const Object& object, const Field& field, std::string_view fifteen,
                          const Caller& caller) const;
  Outcome<void> apply(const Object& object, std::optional<std::uint64_t> number, std::span<const Assignment> values,
                      const Caller& caller, Row& row) const;
  Outcome<void> check_required(const Object& object, bool creating, std::span<const Assignment> values,
                               const Row& row) const;
  /// What did not change is not looked for again.
  Outcome<void> check_unique(const Object& object, std::uint64_t number, const Row* before, const Row& row) const;
  Outcome<void> lock(RecordKey record, const Row* before, const Row& after, const Caller& caller);
  /// Of a record that changes beside the one that is written: refused while somebody else holds it.
  Outcome<void> hold(RecordKey record, const Caller& caller);
  Outcome<void> bin(RecordKey record, const Caller& caller, Deletion& deletion);
  void purge(RecordKey record);
  /// Stores a row that was checked, with what the rules make of it; or nothing.
  Outcome<void> save(RecordKey record, const Row* before, Row row, const Caller& caller);
  void compute(const Rules::Computed& rule);
  void compute_described();
  void compute_by(std::uint16_t object, std::size_t field, Formula formula);
  Outcome<void> move_children(RecordKey from, RecordKey to, const Caller& caller);
  Outcome<Replicated> window(const Object& object, base::Utc start, base::Utc end, int days) const;
  void apply_security();
  std::vector<RecordKey> changed_since(std::size_t undo_start) const;

  const base::Clock& clock_;
  World world_;
  RowLocks locks_;
  Rules rules_;
  std::vector<Undo> undo_;
  int open_transactions_ = 0;
  int formula_depth_ = 0;  ///< Formulas of formulas of …
  std::map<RecordKey, Deletion> deletions_;
  std::deque<Binned> recycle_bin_;  ///< In the order of deletion; some have been brought back since.
  std::map<std::uint16_t, std::uint32_t> last_purge_;  ///< Object → when one of its records last left the bin for good.
  Cursors cursors_;
  std::map<std::uint64_t, LateTransaction> late_;
  std::uint64_t last_late_ = 0;
  std::set<std::pair<std::uint16_t, std::size_t>> hidden_fields_, fields_to_grant_;
  std::uint32_t began_;  ///< When the org came to be.
  std::uint32_t schema_changed_ = began_;
};

}  // namespace simulator
