#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "simulator/org/select.h"

namespace simulator {

/// What relative dates mean to a user of the org now.
Asking asking_of(const World& world, base::Utc now, std::uint64_t user_number);

/// Parses and binds a statement. The world's schema must outlive the result.
Outcome<std::shared_ptr<const Select>> make_query(const World& world, const Asking& asking, std::string_view statement,
                                                  bool with_deleted);

/// The result of a query as a table of cells, without JSON: what Bulk API 2.0 hands out as CSV. Which records are in it
/// is settled when it is made; their values are read when a row is read, so that a million rows take eight bytes each.
/// Without ORDER BY they come by id, as Bulk goes through its ids part by part.
class RowSet {
 public:
  /// Refuses, beside what any query refuses, what Bulk API 2.0 does: GROUP BY, aggregate functions, OFFSET, TYPEOF,
  /// child queries, and compound fields.
  static Outcome<RowSet> make(const World& world, const Asking& asking, std::string_view statement, bool with_deleted);

  /// In the order of the SELECT. Bulk writes the header of each as it stands there: "Account.Name".
  const std::vector<Select::Output>& columns() const { return select_->outputs(); }
  std::size_t size() const { return numbers_.size(); }
  const Object& object() const { return select_->object(); }

  /// Puts the cells of a row, one a column, into `cells`; their text lives in `arena` or until the record changes.
  /// False if the record is no longer there.
  bool read(const World& world, std::size_t row, std::vector<Cell>& cells, base::Arena& arena) const;

 private:
  RowSet(std::shared_ptr<const Select> select, const Asking& asking) : select_(std::move(select)), asking_(asking) {}
  std::shared_ptr<const Select> select_;
  Asking asking_;
  std::vector<std::uint64_t> numbers_;
};

}  // namespace simulator
