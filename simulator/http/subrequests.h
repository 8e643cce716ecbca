#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <vector>

#include "simulator/http/router.h"

namespace simulator {

/// A call that is a part of another one, and who answers it.
struct NestedCall {
  Call call;
  Resource* resource;
};
/// The part that asks for `url` (with its query), in the name of `whole` and under its faults; the method, the headers
/// and the body are still to be filled in. Refuses what may not be nested and versions that are not served.
Outcome<NestedCall> nested_call(const Router& router, const Call& whole, std::string_view url);

extern const ApiError halted_error;  ///< 400 PROCESSING_HALTED: another part failed and took this one along.

/// The parts of a composite request or of a graph: calls of their own that may refer to the answers of those before.
class Subrequests {
 public:
  /// All is borrowed. `whole` is the call whose parts they are.
  Subrequests(const Router& router, const Call& whole) : router_(router), whole_(whole) {}

  /// What is wrong with the list as such: reference ids, methods, headers.
  static std::optional<ApiError> check(const boost::json::array& parts);

  /// Runs a part. Its answer can be referred to by those that follow.
  Reply run(const boost::json::object& part);

  /// The parts' answers as one JSON list, without its brackets.
  static std::string joined(const boost::json::array& parts, const std::vector<Reply>& replies);

 private:
  bool resolve(std::string& text, std::string& missing);
  bool resolve(boost::json::value& value, std::string& missing);
  const boost::json::value* answer_to(const std::string& reference);

  const Router& router_;
  const Call& whole_;
  std::map<std::string, std::string> answers_;  ///< Reference id → body.
  std::map<std::string, boost::json::value> parsed_;
};

/// The reference ids in "@{…}" of a part, in its URL and body.
std::vector<std::string> references_in(const boost::json::object& part);

}  // namespace simulator
