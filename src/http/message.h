#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

/// A request as the server read it. Header names are lower case; of repeated headers the last one counts.
struct Request {
  std::string method;  ///< "GET"
  std::string path;    ///< Percent-encoded as it came, without the query.
  std::string query;   ///< Behind '?', encoded.
  std::map<std::string, std::string, std::less<>> headers;
  std::string body;

  std::string_view header(std::string_view lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
  }
};

/// What a handler answers. With `stream` the body is sent in chunks as `stream` hands them out (false: that was
/// the last one) and `body` is not used.
struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::function<bool(std::string& chunk)> stream;
  bool close_without_answer = false;  ///< Cuts the connection instead of answering (the simulator's faults).
};

using Handler = std::function<Response(const Request&)>;

/// Takes a request's body while it arrives. Dropped without finish() when the client goes away.
class BodyReceiver {
 public:
  virtual ~BodyReceiver() = default;
  /// False: no more is wanted; finish() says why and the connection ends with its answer.
  virtual bool take(std::string_view bytes) = 0;
  virtual Response finish() = 0;
};
/// Asked once the head of a request with a body has come (its `body` is empty). Null: collect the body and call the
/// Handler.
using Receiver = std::function<std::unique_ptr<BodyReceiver>(const Request& head)>;

std::string percent_decode(std::string_view text, bool plus_is_blank);
std::string percent_encode(std::string_view text);  ///< All but unreserved characters (RFC 3986).

/// Text for an HTML page, within an element or a quoted attribute.
std::string escaped_html(std::string_view text);

/// The pairs of a query string or form body, decoded, in order.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view encoded);

}  // namespace http
