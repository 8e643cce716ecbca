#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace date {
class time_zone;
}

namespace queue {

/// A time zone of the machine's zone database. Knows the transitions up to 2037, as Debian's tzdata spells them out.
/// Cheap to copy; one object is used by one thread, since it remembers the last period it was asked about.
class Zone {
 public:
  /// By its IANA name, "Europe/Berlin". Empty: the process's own zone, which is TZ where that names one, else the
  /// machine's. Errors: `settings` for a name that the database does not know.
  static base::Result<Zone> named(std::string_view name);

  /// What is added to UTC to get the local time at that moment.
  std::chrono::seconds offset(base::Utc at) const;

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;
  mutable base::Utc from_ = base::Utc::max(), until_ = base::Utc::min();  ///< The period of offset_.
  mutable std::chrono::seconds offset_{0};
};

}  // namespace queue
