#include "http/head.h"

#include <boost/beast/http/status.hpp>

#include "base/clock.h"
#include "base/time_text.h"
#include "http/words.h"

namespace http {

bool has_header(const Response& response, std::string_view name) {
  for (const auto& [given, value] : response.headers)
    if (same_word(given, name)) return true;
  return false;
}

bool can_be_sent(const Response& response) {
  static constexpr std::string_view forbidden{"\r\n\0", 3};
  for (const auto& [name, value] : response.headers)
    if (name.empty() || name.find_first_of(forbidden) != name.npos || name.find_first_of(": ") != name.npos ||
        value.find_first_of(forbidden) != value.npos)
      return false;
  return response.status >= 200 && response.status <= 999;
}

Response plain_answer(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(text);
  return response;
}

bool wants_close(const Response& response) {
  for (const auto& [name, value] : response.headers)
    if (same_word(name, "Connection") && same_word(value, "close")) return true;
  return false;
}

std::string head_text(const Response& response, const Framing& framing) {
  namespace beast_http = boost::beast::http;
  const auto reason = beast_http::obsolete_reason(beast_http::int_to_status(unsigned(response.status)));
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text.append(reason.data(), reason.size()).append("\r\n");
  for (const auto& [name, value] : response.headers)
    if (!same_word(name, "Connection") && !same_word(name, "Content-Length") && !same_word(name, "Transfer-Encoding"))
      text.append(name).append(": ").append(value).append("\r\n");
  if (!has_header(response, "Date")) text += "Date: " + base::to_http_date(base::SystemClock{}.now()) + "\r\n";
  if (framing.streams) {
    if (framing.is_1_1) text += "Transfer-Encoding: chunked\r\n";
  } else if (framing.has_body) {
    text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  if (!framing.keep_alive) {
    text += "Connection: close\r\n";
  } else if (!framing.is_1_1) {
    text += "Connection: keep-alive\r\n";  // HTTP/1.0 closes unless told otherwise.
  }
  return text + "\r\n";
}

}  // namespace http
