#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/arena.h"
#include "simulator/org/number_index.h"
#include "simulator/org/sample_data.h"
#include "simulator/org/schema.h"
#include "simulator/org/stamp_order.h"
#include "simulator/org/value.h"

namespace simulator {

struct World;

/// A record that is not, or no longer, sample data.
struct Row {
  std::uint32_t created = 0, modified = 0, stamp = 0;  ///< Seconds since 1970. A stamp of 0: no such record.
  std::uint16_t created_by = 1, modified_by = 1;       ///< Numbers of users.
  bool deleted = false;                                ///< In the recycle bin.
  PackedRow fields;
};

/// The text by which a value of a field that identifies is compared: folded unless case counts. Empty for null.
std::string key_text(const Field& field, const Cell& cell);

/// The records of one object: sample data where nothing changed, rows where something did, in one order.
/// Records that are hidden from the API's users are here like all others; whoever answers a user asks is_hidden().
class Table {
 public:
  /// `object` and `world` must outlive the table.
  Table(const Object& object, const World& world);

  const Object& object() const { return *object_; }
  std::uint64_t next_number() { return ++last_number_; }
  std::uint64_t next_automatic_number() { return ++last_automatic_number_; }
  std::uint64_t live() const { return live_; }  ///< Without those in the recycle bin.

  bool exists(std::uint64_t number) const { return is_sample(number) || row(number) != nullptr; }
  bool is_deleted(std::uint64_t number) const;
  bool is_living(std::uint64_t number) const { return exists(number) && !is_deleted(number); }
  /// Whether a query can find it: one that includes deleted records, or one that does not. The record exists.
  bool is_visible(std::uint64_t number, bool with_deleted) const {
    return (with_deleted || !is_deleted(number)) && !is_hidden(number);
  }
  bool is_hidden(std::uint64_t number) const { return !hidden_.empty() && hidden_.contains(number); }
  void hide(std::uint64_t number, bool hidden);
  std::uint32_t stamp(std::uint64_t number) const;
  /// The record as a row that can be changed and put back. The record exists.
  Row copy(std::uint64_t number) const;
  void put(std::uint64_t number, Row row);
  /// Removes the record for good.
  void erase(std::uint64_t number);
  /// Undoes put() and erase(): what remembered() gave before.
  void restore(std::uint64_t number, std::optional<Row> row);
  std::optional<Row> remembered(std::uint64_t number) const;

  /// The value of a field, derived ones included. The record exists; text lives in `arena` or until the next put.
  Cell cell(std::uint64_t number, std::size_t field, base::Arena& arena) const;
  /// What was written to the field. Null also where it has a source of its own.
  Cell stored(std::uint64_t number, std::size_t field, base::Arena& arena) const;

  /// Records with a place in (after, up to the second `last`], in order, until `visit` returns false.
  void walk(Place after, std::uint32_t last, const std::function<bool(std::uint64_t)>& visit) const;

  /// The first record behind this number, deleted ones too; 0 if there is none.
  std::uint64_t following(std::uint64_t number) const;

  /// Records, deleted ones too, whose reference `field` is this parent, ascending. Looks at every record if the
  /// field refers to users or record types.
  std::vector<std::uint64_t> children(std::size_t field, RecordKey parent) const;

  /// True if children() knows this field without looking at every record.
  bool knows_children(std::size_t field) const;

  /// True if find() knows this field without looking at every record.
  bool is_indexed(std::size_t field) const;
  /// Records, deleted ones too, whose key_text() in an indexed field equals `key`, ascending.
  std::vector<std::uint64_t> find(std::size_t field, const std::string& key) const;
  /// Starts an index for a field that was just made or became a key.
  void add_index(std::size_t field);

 private:
  bool is_sample(std::uint64_t number) const {
    return number >= 1 && number <= samples_ && (replaced_[number / 64] >> (number % 64) & 1) == 0;
  }
  const Row* row(std::uint64_t number) const;
  Row* place_for(std::uint64_t number);
  Cell stored(std::uint64_t number, const Row* row, std::size_t field, base::Arena& arena) const;
  Cell own(std::uint64_t number, const Row* row, Source source) const;
  std::uint64_t next_sample(std::uint64_t number) const;  ///< The first at or after it that nothing replaced.
  void reindex(std::uint64_t number, const Row* before, const Row* after);
  void replace(std::uint64_t number, std::optional<Row> row);
  bool refers(std::uint64_t number, std::size_t field, RecordKey parent) const;

  const Object* object_;
  const World* world_;
  const SampleData* sample_;
  std::uint64_t samples_, first_number_, last_number_, live_, last_automatic_number_ = 0;
  std::vector<std::uint64_t> replaced_;
  std::unordered_map<std::uint64_t, Row> changed_;  ///< Numbers up to first_number_: changed sample data.
  std::deque<Row> made_;                            ///< By number, behind first_number_.
  std::unordered_set<std::uint64_t> hidden_;
  StampOrder order_;
  struct Index {
    std::size_t field;
    bool is_reference;
    NumberIndex numbers;
  };
  std::vector<Index> indexes_;
};

}  // namespace simulator
