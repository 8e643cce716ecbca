#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace salesforce {

struct Header {
  std::string name;
  std::string value;
};

struct Answer;

/// Takes the body of a success as it comes, for bodies of any size. Called on the thread that sends.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// Status and headers are known; the body follows as the wire has it: packed, if `content-encoding` says so.
  virtual void begin(const Answer& head) = 0;
  /// False breaks the exchange off.
  virtual bool take(std::string_view piece) = 0;
};

struct Request {
  std::string method = "GET";
  std::string url;  ///< In full: "https://acme.my.salesforce.com/services/data/v66.0/query?q=…".
  std::vector<Header> headers = {};
  std::string body = {};
  BodySink* sink =
      nullptr;  ///< Takes the body of an answer with a status 2xx; other bodies come in the answer. Borrowed.
  /// Done twice it does something else, as a create without a key does: never sent again on the transport's own
  /// account.
  bool once = false;
  /// Broken off it would leave in doubt what was done: a process that is asked to stop lets it come to its end.
  bool finish = false;
};

struct Answer {
  int status = 0;
  std::vector<Header> headers = {};  ///< Names in lower case.
  std::string body = {};             ///< With room behind it for the JSON reader (see body_padding).

  /// Value of the header with this lower-case name; empty if there is none.
  std::string_view header(std::string_view name) const {
    for (const Header& each : headers)
      if (each.name == name) return each.value;
    return {};
  }
};

/// Bytes of capacity that the JSON reader wants behind the text. A body with less is copied once.
inline constexpr std::size_t body_padding = 64;

/// One HTTP exchange at a time. Used by one thread.
///
/// An answer of any status is a value; with a sink, one that the sink broke off is the error `cancelled`. An error is
/// `unreachable` if the request did not get out whole, so that the other side cannot have acted on it, and
/// `unknown_fate` if it did and no answer came back whole.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual base::Result<Answer> send(const Request& request) = 0;
};

}  // namespace salesforce
