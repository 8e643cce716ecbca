#include "core/brake.h"

namespace core {

std::optional<base::Error> brake(const model::Mapping& mapping, const MassChange& change, const MassLimits& limits) {
  using What = MassChange::What;
  const bool deletes = change.what == What::delete_rows || change.what == What::delete_records;
  const std::int64_t most = deletes ? limits.deletes : limits.changes;
  const int percent = deletes ? limits.delete_percent : limits.change_percent;
  const bool too_many = most > 0 && change.count > most;
  const bool too_large = percent > 0 && change.count > handful && change.count * 100 > change.of * percent;
  if (!too_many && !too_large) return std::nullopt;
  const bool rows = change.what == What::delete_rows || change.what == What::change_rows;
  const std::string what = std::string{deletes ? "delete " : "change "} + std::to_string(change.count) +
                           (change.of > 0 ? " of " + std::to_string(change.of) : "") + " synced " +
                           (rows ? "rows of table " + mapping.table : mapping.object + " records");
  const std::string limit =
      too_many ? std::string{deletes ? "maxDeletes" : "maxChanges"} + " = " + std::to_string(most)
               : std::string{deletes ? "maxDeletePercent" : "maxChangePercent"} + " = " + std::to_string(percent);
  return base::Error{base::ErrorKind::settings,
                     "this run would " + what + ", more than " + limit +
                         " allows, so it stopped before that. If it is meant, run `lockstep sync --allow-mass-change`, "
                         "or raise the limit with `lockstep integration set`; if not, undo it where it was done",
                     "MASS_CHANGE"};
}

std::optional<base::Error> brake_rows(const model::Mapping& mapping, std::int64_t count,
                                      std::optional<std::int64_t> most) {
  return brake(mapping, {MassChange::What::change_rows, count, 0},
               {.deletes = 0, .delete_percent = 0, .changes = most.value_or(0)});
}

}  // namespace core
