#include "http/problem.h"

#include <boost/beast/http/status.hpp>
#include <boost/json.hpp>

namespace http {

Response problem(int status, std::string_view detail) {
  namespace beast = boost::beast::http;
  namespace json = boost::json;
  const std::string_view title = beast::obsolete_reason(beast::int_to_status(static_cast<unsigned>(status)));
  return {
      status,
      {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}},
      json::serialize(json::object{{"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}}),
      {},
      false};
}

}  // namespace http
