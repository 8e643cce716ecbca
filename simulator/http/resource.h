#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "simulator/http/faults.h"
#include "simulator/org/api_error.h"
#include "simulator/org/org.h"

namespace simulator {

/// The org and what keeps requests from meeting inside it. Both outlive every resource.
struct OrgAccess {
  Org& org;
  std::mutex& mutex;
};

/// One call of a data resource, "/services/data/v62.0/<path>": a request of its own, or a part of a composite one.
struct Call {
  std::string method;             ///< "GET"
  std::vector<std::string> path;  ///< Decoded segments behind the version: {"sobjects", "Contact", "003…"}.
  std::string query;              ///< Behind '?', encoded.
  std::map<std::string, std::string, std::less<>> headers = {};  ///< Names in lower case.
  std::string body = {};
  std::string version = {};    ///< "62.0"
  std::string root = {};       ///< "/services/data/v62.0"
  Caller caller = {};          ///< Who signed in.
  bool nested = false;         ///< A part of a composite request.
  Misfortune misfortune = {};  ///< What befalls it.
  Faults* faults = nullptr;    ///< Chance for what befalls single rows; outlives the call.

  std::string_view header(std::string_view lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
  }
  /// To be asked before each row is written: the error that a fault has in store for it.
  std::optional<ApiError> row_fault() const { return faults ? faults->row(misfortune) : std::nullopt; }
};

/// What a call is answered with. With `stream` the body comes in chunks (see http::Response).
struct Reply {
  int status = 200;
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::function<bool(std::string& chunk)> stream = {};
  std::string content_type = "application/json;charset=UTF-8";
  std::int64_t calls = 1;  ///< What it costs of the day's API calls.
};

/// Takes a request's body while it arrives. Dropped without finish() when the client goes away.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// False: no more is wanted; finish() says why. Called from different threads, one after the other.
  virtual bool write(std::string_view bytes) = 0;
  virtual Reply finish() = 0;
};

/// A family of resources below "/services/data/vXX.X/".
///
/// A guarded one is called with the org's mutex held and so has the org to itself while it answers; its `stream`
/// and its sink are called without. One that guards itself is called without the mutex, from several threads at once,
/// and takes `OrgAccess::mutex` for as long as it looks at the org.
class Resource {
 public:
  virtual ~Resource() = default;
  virtual Reply answer(const Call& call) = 0;
  /// Whether receive() takes the body of this call, since it may be too large to be collected. Unpacked, if it comes
  /// packed.
  virtual bool takes_stream(const Call&) const { return false; }
  virtual std::unique_ptr<BodySink> receive(const Call&) { return nullptr; }
  virtual bool takes_json() const { return true; }  ///< Bodies of other types are refused with 415.
  virtual bool guards_itself() const { return false; }
  virtual bool may_be_nested() const { return !guards_itself(); }  ///< As a part of a composite request.
  /// Under which name GET /__sim/stats counts the call: "query", "rows", "bulk_ingest" …
  virtual std::string kind(const Call& call) const = 0;
};

}  // namespace simulator
