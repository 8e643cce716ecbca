#include "http/session.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <charconv>
#include <exception>
#include <string_view>

#include "base/log.h"
#include "http/head.h"
#include "http/words.h"

namespace http {
namespace {

using namespace std::chrono_literals;

/// Below this gzip saves less than its header and the time cost.
constexpr std::size_t smallest_gzip = 1024;
/// How long a refused client may go on sending, so that it reads our answer before it sees a reset.
constexpr auto linger = 2s;
/// How soon a stream with nothing to say is asked again.
constexpr auto stream_pause = 100ms;
/// How much of a received body is handed over at once.
constexpr std::size_t part_size = 64 * 1024;

std::string_view to_view(beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

void Session::start() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    // A client that connects and stays silent is given no more than a request's time.
    self->await(std::min(self->shared_.limits.idle, self->shared_.limits.read_deadline));
  });
}

void Session::close_if_idle() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    if (self->idle_) self->close();
  });
}

void Session::await(std::chrono::seconds patience) {
  if (shared_.stopping) return close();
  if (buffer_.size() > 0) return read_header();  // The client sent its next request ahead.
  idle_ = true;
  stream_.expires_after(patience);
  stream_.async_read_some(buffer_.prepare(4096), [self = shared_from_this()](error_code failed, std::size_t size) {
    self->idle_ = false;
    if (failed) return self->close();
    self->buffer_.commit(size);
    self->read_header();
  });
}

void Session::read_header() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(shared_.limits.header_bytes, 1u << 31)));
  parser_->body_limit(boost::none);  // Who takes the body is not known yet.
  // One point in time for header and body together: a client that drips bytes does not move it.
  stream_.expires_after(shared_.limits.read_deadline);
  beast::http::async_read_header(stream_, buffer_, *parser_,
                                 [self = shared_from_this()](error_code failed, std::size_t) {
                                   if (failed) return self->refuse(failed);
                                   self->read_body();
                                 });
}

void Session::read_body() {
  const auto& header = parser_->get();
  const bool encoded = header.count(beast::http::field::transfer_encoding) > 0;
  // Two proxies that disagree on where a request ends can be made to see different requests.
  if (encoded && (!parser_->chunked() || header.count(beast::http::field::content_length) > 0))
    return refuse(400, "The length of the body is ambiguous.\n");
  if (parser_->is_done()) return handle();
  if (shared_.receiver) {
    const Request head = take_head(parser_->get());
    if (!guarded(head, [&] { receiver_ = shared_.receiver(head); })) return end_with_answer();
    if (receiver_) received_.emplace(std::move(*parser_));
  }
  if (!receiver_) {
    const auto length = parser_->content_length();
    if (length && *length > shared_.limits.body_bytes) return refuse(beast::http::error::body_limit);
    parser_->body_limit(shared_.limits.body_bytes);
  }
  if (header.version() >= 11 && same_word(to_view(header[beast::http::field::expect]), "100-continue")) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(go_on), [self = shared_from_this()](error_code failed, std::size_t) {
      if (failed) return self->close();
      self->read_rest();
    });
    return;
  }
  read_rest();
}

void Session::read_rest() {
  if (receiver_) return receive();
  beast::http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code failed, std::size_t) {
    if (failed) return self->refuse(failed);
    self->handle();
  });
}

void Session::receive() {
  part_.resize(part_size);
  auto& body = received_->get().body();
  body.data = part_.data();
  body.size = part_.size();
  body.more = true;
  stream_.expires_after(shared_.limits.idle);
  beast::http::async_read(stream_, buffer_, *received_, [self = shared_from_this()](error_code failed, std::size_t) {
    if (failed == beast::http::error::need_buffer) failed = {};
    if (failed) {
      self->receiver_.reset();
      return self->refuse(failed);
    }
    self->hand_over();
  });
}

void Session::hand_over() {
  const std::string_view part{part_.data(), part_.size() - received_->get().body().size};
  bool wanted = true;
  const bool done = received_->is_done();
  const Request head = done ? take_head(received_->get()) : Request{};
  const bool well = guarded(head, [&] {
    wanted = part.empty() || receiver_->take(part);
    if (done || !wanted) response_ = receiver_->finish();
  });
  if (well && wanted && !done) return receive();
  receiver_.reset();
  part_ = {};
  if (response_.close_without_answer) return close();
  if (!done) return end_with_answer();
  answer(gzip_accepted_);
}

void Session::handle() {
  auto message = parser_->release();
  Request request = take_head(message);
  request.body = std::move(message.body());
  guarded(request, [&] { response_ = shared_.handler(request); });
  if (response_.close_without_answer) return close();
  answer(gzip_accepted_);
}

template <class Work>
bool Session::guarded(const Request& request, Work work) {
  try {
    work();
    return true;
  } catch (const std::exception& thrown) {
    base::log(base::LogLevel::error,
              "http: the handler of " + request.method + " " + request.path + " threw: " + thrown.what());
    response_ = plain_answer(500, "Internal error.\n");
    return false;
  }
}

template <class Message>
Request Session::take_head(const Message& message) {
  Request request;
  request.method = std::string{to_view(message.method_string())};
  std::string_view target = to_view(message.target());
  if (!target.starts_with('/')) {  // The form clients use towards a proxy: "http://host/path".
    if (const auto scheme = target.find("://"); scheme != target.npos) {
      const auto path = target.find_first_of("/?", scheme + 3);
      target = path == target.npos ? "/" : target.substr(path);
    }
  }
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != target.npos) request.query = target.substr(question + 1);
  for (const auto& field : message) {
    std::string name{to_view(field.name_string())};
    for (char& c : name) c = lower(c);
    request.headers.insert_or_assign(std::move(name), std::string{to_view(field.value())});
  }
  keep_alive_ = message.keep_alive();
  head_ = request.method == "HEAD";
  chunked_ = message.version() >= 11;
  gzip_accepted_ = accepts_gzip(request.header("accept-encoding"));
  return request;
}

void Session::answer(bool gzip) {
  if (!can_be_sent(response_)) {
    base::log(base::LogLevel::error, "http: a handler's answer has an impossible status or header");
    response_ = plain_answer(500, "Internal error.\n");
  }
  const bool has_body = response_.status != 204 && response_.status != 304;
  const bool streams = has_body && response_.stream;
  gzip_.reset();
  if (gzip && has_body && response_.status != 206 && !has_header(response_, "Content-Encoding")) pack(streams);
  if (streams && !chunked_) keep_alive_ = false;  // HTTP/1.0: the end of the connection ends the body.
  if (shared_.stopping || wants_close(response_)) keep_alive_ = false;
  head_text_ = head_text(response_, {chunked_, has_body, streams, keep_alive_});

  const bool sends_body = has_body && !head_;
  const std::array<asio::const_buffer, 2> parts{
      asio::buffer(head_text_), sends_body && !streams ? asio::buffer(response_.body) : asio::const_buffer{}};
  stream_.expires_after(shared_.limits.idle);
  asio::async_write(stream_, parts, [self = shared_from_this(), streams, sends_body](error_code failed, std::size_t) {
    if (failed) return self->close();
    if (streams && sends_body) return self->send_chunk();
    self->finish();
  });
}

void Session::pack(bool streams) {
  if (streams) {
    if (!head_) gzip_.emplace();
  } else {
    if (response_.body.size() <= smallest_gzip) return;
    auto smaller = gzip_whole(response_.body);
    if (!smaller) return;
    response_.body = *std::move(smaller);
  }
  response_.headers.emplace_back("Content-Encoding", "gzip");
  response_.headers.emplace_back("Vary", "Accept-Encoding");
}

void Session::send_chunk() {
  chunk_.clear();
  bool more = false;
  try {
    more = response_.stream(chunk_);
  } catch (const std::exception& thrown) {
    // Without the final chunk the client knows that something is missing.
    base::log(base::LogLevel::error, std::string{"http: a stream broke off: "} + thrown.what());
    return close();
  }
  if (more && chunk_.empty()) return pause_stream();
  if (gzip_) gzip_->pack(chunk_, !more);

  head_text_.clear();
  std::string_view tail;
  if (chunked_) {
    if (!chunk_.empty()) {
      char digits[16];
      head_text_.assign(digits, std::to_chars(digits, digits + sizeof digits, chunk_.size(), 16).ptr);
      head_text_ += "\r\n";
      tail = more ? "\r\n" : "\r\n0\r\n\r\n";
    } else {
      tail = "0\r\n\r\n";
    }
  }
  const std::array<asio::const_buffer, 3> parts{asio::buffer(head_text_), asio::buffer(chunk_), asio::buffer(tail)};
  stream_.expires_after(shared_.limits.idle);
  asio::async_write(stream_, parts, [self = shared_from_this(), more](error_code failed, std::size_t) {
    if (failed) return self->close();
    if (more) return self->send_chunk();
    self->finish();
  });
}

void Session::pause_stream() {
  if (shared_.stopping) return close();
  pause_.expires_after(stream_pause);
  pause_.async_wait([self = shared_from_this()](error_code failed) {
    if (failed) return self->close();
    self->send_chunk();
  });
}

void Session::finish() {
  response_ = {};
  gzip_.reset();
  if (refused_) return drain();
  if (!keep_alive_) return close();
  await(shared_.limits.idle);
}

void Session::refuse(error_code failed) {
  using beast::http::error;
  if (failed == error::header_limit || failed == error::buffer_overflow)
    return refuse(431, "The header is larger than " + std::to_string(shared_.limits.header_bytes) + " bytes.\n");
  if (failed == error::body_limit)
    return refuse(413, "The body is larger than " + std::to_string(shared_.limits.body_bytes) + " bytes.\n");
  if (failed == error::end_of_stream || failed == error::partial_message ||
      failed.category() != make_error_code(error::bad_method).category())
    return close();
  refuse(400, "This is not an HTTP request: " + failed.message() + ".\n");
}

void Session::refuse(int status, std::string text) {
  response_ = plain_answer(status, std::move(text));
  head_ = false;
  end_with_answer();
}

void Session::end_with_answer() {
  keep_alive_ = false;
  refused_ = true;
  answer(false);
}

void Session::drain() {
  error_code ignored;
  stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
  stream_.expires_after(linger);
  drain_more();
}

void Session::drain_more() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(64 * 1024), [self = shared_from_this()](error_code failed, std::size_t) {
    if (failed || self->shared_.stopping) return self->close();
    self->drain_more();
  });
}

void Session::close() {
  response_ = {};
  error_code ignored;
  stream_.socket().shutdown(Tcp::socket::shutdown_both, ignored);
  stream_.socket().close(ignored);
}

}  // namespace http
