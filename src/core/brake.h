#pragma once

#include <optional>

#include "core/ports/registry.h"

namespace core {

/// So many of one object may always be deleted or changed in one run, whatever share that is.
inline constexpr std::int64_t handful = 25;

/// What a run is about to do to one object.
struct MassChange {
  enum class What { delete_rows, delete_records, change_rows, change_records } what;
  std::int64_t count = 0;
  std::int64_t of = 0;  ///< Linked pairs, those to be deleted included.
};

/// Says why the run must stop before it does that, and how to go on; nothing when it may. Pure.
std::optional<base::Error> brake(const model::Mapping&, const MassChange&, const MassLimits&);

/// The same for rows that a run changes page by page: `count` with the page at hand, and `most` may be.
std::optional<base::Error> brake_rows(const model::Mapping&, std::int64_t count, std::optional<std::int64_t> most);

}  // namespace core
