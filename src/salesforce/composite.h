#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "salesforce/json.h"

namespace salesforce {

/// Several requests in one call that costs one of the API budget. Each succeeds or fails by itself, in order.
/// Source: REST API Developer Guide, "Composite".
class Composite {
 public:
  static constexpr std::size_t most_requests = 25;
  static constexpr std::size_t most_queries = 5;  ///< Of the 25: queries and collections.

  /// `url` is a path; `body` JSON, or empty.
  void add(std::string_view method, std::string_view url, std::string_view body = {}, const Header& header = {});

  std::size_t size() const { return size_; }
  std::string body() const {
    return "{\"allOrNone\":false,\"collateSubrequests\":false,\"compositeRequest\":[" + requests_ + "]}";
  }

 private:
  std::string requests_;
  std::size_t size_ = 0;
};

/// Hands out the answers one by one: the request's number, its status, its body. Stops at the first error that
/// `each` returns. `malformed` unless every one of `count` requests has an answer.
base::Result<void> read_composite(JsonReader& reader, std::string& body, std::size_t count,
                                  const std::function<base::Result<void>(std::size_t, int, Json&)>& each);

}  // namespace salesforce
