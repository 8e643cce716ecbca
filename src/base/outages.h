#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

namespace base {

/// What to say of something that is tried again and again: that it fails, at once; that it still does, a minute later
/// and then after twice as long each time, an hour at most; and when it is over, how long it lasted. Pure.
class Outage {
 public:
  struct Line {
    LogLevel level;
    std::string text;
  };
  /// One try, and its error if it failed. `what` is said in front: "taking jobs". Nothing: no line is due.
  std::optional<Line> tried(const std::string& what, const Error* error, std::chrono::nanoseconds elapsed);

 private:
  std::optional<std::chrono::nanoseconds> since_;
  std::chrono::nanoseconds said_at_{}, silence_{};
};

/// Keeps a log readable while something is away. Any thread.
class Outages {
 public:
  explicit Outages(const Clock& clock) : clock_(clock) {}  ///< Borrowed.

  /// Enters a try at `what` and logs the line that is due, if one is. Returns whether it succeeded.
  template <class T>
  bool tried(const std::string& what, const Result<T>& result) {
    enter(what, result ? nullptr : &result.error());
    return result.has_value();
  }

 private:
  void enter(const std::string& what, const Error* error);

  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Outage> outages_;
};

}  // namespace base
