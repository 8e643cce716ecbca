#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace http {

bool has_header(const Response& response, std::string_view name);

/// False for a name or value that would end its line, and with it let its author write headers of their own.
bool can_be_sent(const Response& response);

Response plain_answer(int status, std::string text);

/// How an answer is sent.
struct Framing {
  bool is_1_1 = true;    ///< The client knows chunks, and keeps connections unless told otherwise.
  bool has_body = true;  ///< Its status has one, even if a HEAD is not sent it.
  bool streams = false;
  bool keep_alive = false;
};

/// Whether the answer itself wants the connection closed.
bool wants_close(const Response& response);

/// Status line and headers to the empty line. How the body is framed is known here only.
std::string head_text(const Response& response, const Framing& framing);

}  // namespace http
