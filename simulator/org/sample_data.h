#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "simulator/org/schema.h"
#include "simulator/org/value.h"

namespace simulator {

struct SampleOptions {
  std::uint64_t contacts = 0;  ///< With max(1, n/10) accounts and max(1, n/20) opportunities, if any.
  std::uint64_t seed = 1;
};

/// The records an org begins with. Nothing is stored: each value follows from (seed, number) when it is asked for,
/// so a million contacts cost no memory. Numbers run from 1; the stamps lie in the year before `start`, do not fall
/// with the number, and several records share a second.
class SampleData {
 public:
  SampleData(const Schema& schema, const SampleOptions& options, std::int64_t start_second);

  static constexpr std::uint16_t author = 2;  ///< The user who made them.
  std::uint64_t size(std::size_t object) const { return object < sizes_.size() ? sizes_[object] : 0; }
  std::uint32_t stamp(std::size_t object, std::uint64_t number) const;
  std::uint32_t created(std::size_t object, std::uint64_t number) const;
  /// The first number with a stamp not before `second`; size+1 if there is none.
  std::uint64_t first_from(std::size_t object, std::uint32_t second) const;

  /// Records whose reference `field` can be this account lie in [first, second).
  std::pair<std::uint64_t, std::uint64_t> children_of(std::size_t object, std::size_t field,
                                                      std::uint64_t account_number) const;

  /// A stored field's value, null for fields without sample values. Its text lives in `arena` or forever.
  Cell cell(std::size_t object, std::uint64_t number, std::size_t field, base::Arena& arena) const;

  /// Calls visit(field, cell) for all of a record's values.
  template <class Visit>
  void each(std::size_t object, std::uint64_t number, base::Arena& arena, Visit&& visit) const {
    for (const std::size_t field : fields_[object]) visit(field, cell(object, number, field, arena));
  }

  /// The contact with this address, which the address itself tells; 0 if there is none. `folded` as by folded().
  std::uint64_t contact_with_email(std::string_view folded_email, base::Arena& arena) const;

 private:
  enum class What : std::uint8_t;
  std::uint64_t mix(std::size_t object, std::uint64_t number, std::uint64_t salt) const;
  RecordKey account_of(std::size_t object, std::uint64_t number) const;
  std::string_view account_name(std::uint64_t number, base::Arena& arena) const;

  std::vector<std::uint64_t> sizes_;              ///< Of the objects that have sample data.
  std::vector<std::vector<What>> what_;           ///< By object and field.
  std::vector<std::vector<std::size_t>> fields_;  ///< Of each object: those that have sample values.
  std::uint64_t seed_;
  std::int64_t first_second_;
};

}  // namespace simulator
