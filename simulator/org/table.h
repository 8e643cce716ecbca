#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "simulator/org/sample_data.h"
#include "simulator/org/schema.h"
#include "simulator/org/value.h"

namespace simulator {

/// A record that is not, or no longer, sample data.
struct Row {
  std::uint32_t created = 0, modified = 0, stamp = 0;  ///< Seconds since 1970.
  bool deleted = false;
  PackedRow fields;
};

/// A place in the order of (SystemModstamp, Id).
struct Place {
  std::uint32_t second = 0;
  std::uint64_t number = 0;
  auto operator<=>(const Place&) const = default;
};

/// The records of one object: sample data where nothing changed, rows where something did, in one order.
class Table {
 public:
  Table(const Object& object, const SampleData& sample);

  const Object& object() const { return *object_; }
  std::uint64_t next_number() { return ++last_number_; }
  std::uint64_t live() const { return live_; }

  bool exists(std::uint64_t number) const { return is_sample(number) || rows_.contains(number); }
  bool is_deleted(std::uint64_t number) const;
  std::uint32_t stamp(std::uint64_t number) const;
  /// The record as a row that can be changed and put back. The record exists.
  Row copy(std::uint64_t number) const;
  void put(std::uint64_t number, Row row);
  /// Undoes a put: nothing makes the record sample data again, or gone.
  void restore(std::uint64_t number, std::optional<Row> row);
  /// What restore() needs to undo a change of this record.
  std::optional<Row> remembered(std::uint64_t number) const;

  /// The value of a field, derived ones included. The record exists; text lives in `arena` or until the next put.
  Cell cell(std::uint64_t number, std::size_t field, base::Arena& arena) const;

  /// Records with a place in (after, up to the second `last`], in order, until `visit` returns false.
  void walk(Place after, std::uint32_t last, const std::function<bool(std::uint64_t)>& visit) const;

  /// Records, deleted ones too, whose AccountId is this account.
  std::vector<std::uint64_t> children_of(std::uint64_t account_number) const;

  /// True if find() knows this field without looking at every record.
  bool is_indexed(std::size_t field) const;
  /// Records, deleted ones too, whose text in an indexed field equals `folded`.
  std::vector<std::uint64_t> find(std::size_t field, const std::string& folded) const;

 private:
  bool is_sample(std::uint64_t number) const {
    return number >= 1 && number <= samples_ && (replaced_[number / 64] >> (number % 64) & 1) == 0;
  }
  Cell stored(std::uint64_t number, const Row* row, std::size_t field, base::Arena& arena) const;
  Cell address(std::uint64_t number, const Row* row, const Field& field, base::Arena& arena) const;
  Cell from_stage(std::uint64_t number, const Row* row, Source source, base::Arena& arena) const;
  std::uint64_t next_sample(std::uint64_t number) const;  ///< The first at or after it that nothing replaced.
  void index(std::uint64_t number, const Row& row, bool add);

  const Object* object_;
  const SampleData* sample_;
  std::uint64_t samples_, last_number_, live_;
  std::vector<std::uint64_t> replaced_;
  std::unordered_map<std::uint64_t, Row> rows_;
  std::set<Place> order_;
  struct TextIndex {
    std::size_t field;
    std::unordered_multimap<std::string, std::uint64_t> numbers;
  };
  std::vector<TextIndex> indexes_;
  std::size_t first_name_ = 0, last_name_ = 0, stage_ = 0, amount_ = 0, probability_ = 0, close_ = 0, account_ = 0;
};

}  // namespace simulator
