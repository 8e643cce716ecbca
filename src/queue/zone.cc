#include "queue/zone.h"

#include <date/tz.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

namespace queue {
namespace {

const date::time_zone* find(std::string_view name) {
  if (!name.empty()) return date::locate_zone(name);
  if (const char* set = std::getenv("TZ"); set != nullptr && *set != '\0')
    return date::locate_zone(*set == ':' ? set + 1 : set);
  return date::current_zone();
}

/// Zone periods begin and end thousands of years away where nothing changes any more.
base::Utc clamped(date::sys_seconds moment) {
  using std::chrono::seconds;
  constexpr seconds far{std::chrono::hours{24 * 366 * 10'000}};
  return base::Utc{std::clamp(moment.time_since_epoch(), -far, far)};
}

}  // namespace

base::Result<Zone> Zone::named(std::string_view name) {
  try {
    return Zone{find(name)};
  } catch (const std::exception&) {
    return base::failure(base::ErrorKind::settings,
                         name.empty() ? "the machine's time zone cannot be found: set TZ to a name such as Europe/Berlin"
                                      : "there is no time zone " + std::string{name} +
                                            ": use an IANA name such as Europe/Berlin");
  }
}

std::chrono::seconds Zone::offset(base::Utc at) const {
  if (at < from_ || at >= until_) {
    const date::sys_info info = zone_->get_info(std::chrono::floor<std::chrono::seconds>(at));
    from_ = clamped(info.begin);
    until_ = clamped(info.end);
    offset_ = info.offset;
  }
  return offset_;
}

}  // namespace queue
