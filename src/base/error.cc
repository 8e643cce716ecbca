#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace base {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unreachable: return "unreachable";
    case ErrorKind::unknown_fate: return "unknown_fate";
    case ErrorKind::throttled: return "throttled";
    case ErrorKind::unauthorized: return "unauthorized";
    case ErrorKind::precondition: return "precondition";
    case ErrorKind::rejected: return "rejected";
    case ErrorKind::malformed: return "malformed";
    case ErrorKind::settings: return "settings";
    case ErrorKind::corrupt: return "corrupt";
    case ErrorKind::cancelled: return "cancelled";
  }
  return "unknown";
}

void die(std::string_view what, const char* file, int line) {
  std::fprintf(stderr, "lockstep: broken invariant at %s:%d: %.*s\n", file, line, static_cast<int>(what.size()),
               what.data());
  std::abort();
}

}  // namespace base
