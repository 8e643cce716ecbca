#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string_view>

#include "queue/zone.h"

namespace queue {

/// A cron pattern and its next time, by the rules of cron-parser 4.9.0, which BullMQ 5 uses: a daemon and a Node
/// worker that share a job scheduler must come to the same millisecond.
///
/// Five fields (minute hour day month weekday) or six with seconds first; lists, ranges, steps, month and weekday
/// names, 0 and 7 for Sunday, `?` for any day, `L` as the last day of a month, `5L` for its last Friday, `1#2` for its
/// second Monday; @yearly @monthly @weekly @daily @hourly. Where day and weekday are both restricted, either will do.
///
/// When clocks go forward, an hour that is left out runs at the first hour after it; when they go back, a given hour
/// runs once, while `*` and minutes go on in real time.
class Cron {
 public:
  /// Errors: `settings`, naming the field and what is allowed. Stricter than cron-parser about what it merely
  /// tolerates (fewer than five fields, "1-2-3", "LL").
  static base::Result<Cron> parse(std::string_view pattern);

  /// The first time strictly after `after`, a whole second. Nothing when there is none within reach: cron-parser gives
  /// up after 10,000 steps, which is some decades for a pattern of rare days.
  std::optional<base::Utc> next(base::Utc after, const Zone& zone) const;

 private:
  friend class CronReader;

  /// The values a field allows, and how many were written: a field counts as unrestricted by that number, doublings
  /// included.
  struct Field {
    std::bitset<64> values;
    std::size_t written = 0;
    void add(int value) {
      values.set(static_cast<std::size_t>(value));
      ++written;
    }
    bool has(int value) const { return value >= 0 && value < 64 && values.test(static_cast<std::size_t>(value)); }
  };
  struct Walk;
  bool day_matches(const Walk&) const;

  Field second_, minute_, hour_, day_, month_, weekday_;
  bool last_day_ = false;           ///< `L` as a day of the month.
  std::bitset<7> last_weekdays_;    ///< `5L`.
  int nth_weekday_ = 0;             ///< `1#2`; 0: not given.
};

}  // namespace queue
