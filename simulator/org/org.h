#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "simulator/org/api_error.h"
#include "simulator/org/query.h"
#include "simulator/org/world.h"

namespace simulator {

struct OrgOptions {
  SampleOptions sample;
  SchemaOptions schema;
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

  const Schema& schema() const { return world_.schema; }
  const World& world() const { return world_; }
  const base::Clock& clock() const { return clock_; }
  std::string id_of(RecordKey record) const;

  /// NOT_FOUND, naming no such object, like the resource itself.
  Outcome<const Object*> object(std::string_view name) const;

  /// A living record by the id that a caller gave. MALFORMED_ID, NOT_FOUND, ENTITY_IS_DELETED.
  Outcome<std::uint64_t> by_id(const Object& object, std::string_view id) const;
  /// The place of a field that identifies (external id or lookup). NOT_FOUND for others.
  Outcome<std::size_t> key_field(const Object& object, std::string_view field) const;
  /// Living records with this key.
  std::vector<std::uint64_t> by_key(const Object& object, std::size_t field, std::string_view key) const;

  Outcome<std::uint64_t> insert(const Object& object, const boost::json::object& values);
  Outcome<void> update(const Object& object, std::uint64_t number, const boost::json::object& values);
  Outcome<void> remove(const Object& object, std::uint64_t number);
  /// Inserts or updates by the key. Status 300 when several records carry it.
  Outcome<Written> upsert(const Object& object, std::size_t field, std::string_view key,
                          const boost::json::object& values);

  /// Runs a query and answers its first page as JSON. `root` is "/services/data/v66.0".
  Outcome<std::string> query(std::string_view statement, bool with_deleted, std::size_t page_size,
                             std::string_view root);
  /// The page behind a nextRecordsUrl: "01g…-2000".
  Outcome<std::string> next_page(std::string_view locator, std::string_view root);

  /// The record as JSON with these fields. The record exists.
  std::string record_json(const Projection& projection, std::uint64_t number, std::string_view root) const;

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
  struct Cursor {
    std::shared_ptr<const Query> query;
    std::vector<std::uint64_t> numbers;
    std::size_t page_size = 0;
    base::Utc opened;
  };

  std::uint32_t now_second() const;
  void change(RecordKey record, Row row);
  Outcome<void> apply(const Object& object, std::optional<std::uint64_t> number, const boost::json::object& values,
                      Row& row) const;
  Outcome<void> check_unique(const Object& object, std::uint64_t number, const Row& row) const;
  Outcome<void> set_parent(const Object& object, std::size_t reference, const boost::json::object& key, Row& row) const;
  void remove_children(std::uint64_t parent);
  std::string page_json(const Query& query, const std::vector<std::uint64_t>& numbers, std::size_t offset,
                        std::size_t page_size, std::string_view locator, std::string_view root) const;

  const base::Clock& clock_;
  World world_;
  std::vector<Undo> undo_;
  int open_transactions_ = 0;
  std::map<std::string, Cursor, std::less<>> cursors_;
  std::uint64_t last_cursor_ = 0;
};

}  // namespace simulator
