#pragma once

#include "base/error.h"

namespace core {

/// True if the org certainly did not take the write.
inline bool not_done(const base::Error& error) {
  return error.kind != base::ErrorKind::unknown_fate && error.kind != base::ErrorKind::cancelled && !error.may_be_done;
}

/// Kinds that only a change of the row, the record or the org's rules can mend.
inline bool is_for_good(base::ErrorKind kind) {
  return kind == base::ErrorKind::rejected || kind == base::ErrorKind::malformed || kind == base::ErrorKind::settings ||
         kind == base::ErrorKind::unauthorized;
}

}  // namespace core
