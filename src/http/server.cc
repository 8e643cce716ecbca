#include "http/server.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/time_text.h"

namespace http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Strand = asio::strand<asio::io_context::executor_type>;
using Stream = beast::basic_stream<Tcp, Strand>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Strand>;
using namespace std::chrono_literals;

/// Below this gzip saves less than its header and the time cost.
constexpr std::size_t smallest_gzip = 1024;
/// How long a refused client may go on sending, so that it reads our answer before it sees a reset.
constexpr auto linger = 2s;
/// How soon a stream with nothing to say is asked again.
constexpr auto stream_pause = 100ms;
constexpr auto stop_patience = 2s;
/// How much of a received body is handed over at once.
constexpr std::size_t part_size = 64 * 1024;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t at = 0; at < a.size(); ++at)
    if (lower(a[at]) != lower(b[at])) return false;
  return true;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Cuts the first element off a list such as "gzip;q=0, br".
std::string_view next_of(std::string_view& list, char separator) {
  const auto end = list.find(separator);
  const std::string_view word = trim(list.substr(0, end));
  list = end == list.npos ? std::string_view{} : list.substr(end + 1);
  return word;
}

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    std::string_view parameters = next_of(accept_encoding, ',');
    const std::string_view coding = next_of(parameters, ';');
    if (!same_word(coding, "gzip") && !same_word(coding, "x-gzip")) continue;
    // "q=0", "q=0.0" … mean never; a q we cannot read means the client sends nonsense: leave the body alone.
    const std::string_view q = trim(parameters);
    if (q.empty()) return true;
    return (q.starts_with("q=") || q.starts_with("Q=")) && q.find_first_of("123456789") != q.npos;
  }
  return false;
}

std::optional<std::string> gzip_whole(std::string_view body) {
  struct Free {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
  };
  thread_local const std::unique_ptr<libdeflate_compressor, Free> compressor{libdeflate_alloc_compressor(1)};
  std::string packed(body.size(), '\0');
  const std::size_t size =
      libdeflate_gzip_compress(compressor.get(), body.data(), body.size(), packed.data(), packed.size());
  if (size == 0) return std::nullopt;  // Would not have become smaller.
  packed.resize(size);
  return packed;
}

/// Packs a stream chunk by chunk; whatever went in comes out at once, since a reader may be waiting for it.
class GzipStream {
 public:
  GzipStream() {
    // 16 more than the window's 15 bits asks zlib for gzip's header.
    CHECK(deflateInit2(&zlib_, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream() { deflateEnd(&zlib_); }

  void pack(std::string& chunk, bool last) {
    std::string packed;
    std::string_view rest = chunk;
    do {
      const auto portion = static_cast<uInt>(std::min<std::size_t>(rest.size(), 1u << 30));
      zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
      zlib_.avail_in = portion;
      rest.remove_prefix(portion);
      const int flush = !rest.empty() ? Z_NO_FLUSH : last ? Z_FINISH : Z_SYNC_FLUSH;
      do {
        const std::size_t before = packed.size();
        packed.resize(before + std::max<std::size_t>(portion / 2, 4096));
        zlib_.next_out = reinterpret_cast<Bytef*>(packed.data() + before);
        zlib_.avail_out = static_cast<uInt>(packed.size() - before);
        deflate(&zlib_, flush);
        packed.resize(packed.size() - zlib_.avail_out);
      } while (zlib_.avail_out == 0);
    } while (!rest.empty());
    chunk = std::move(packed);
  }

 private:
  z_stream zlib_{};
};

bool has_header(const Response& response, std::string_view name) {
  for (const auto& [given, value] : response.headers)
    if (same_word(given, name)) return true;
  return false;
}

/// False for a name or value that would end its line, and with it let its author write headers of their own.
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

class Session;

/// What the listener and its connections share.
class BeastServer final : public Server {
 public:
  BeastServer(Handler handler, const ServerLimits& limits, Receiver receiver)
      : handler_(std::move(handler)),
        receiver_(std::move(receiver)),
        limits_(limits),
        context_(std::max(limits.threads, 1)),
        acceptor_(asio::make_strand(context_)),
        accept_again_(acceptor_.get_executor()) {}
  ~BeastServer() override { stop(); }

  base::Result<void> open(const std::string& address, std::uint16_t port);
  std::uint16_t port() const override { return port_; }
  void stop() override;

  const Handler& handler() const { return handler_; }
  const Receiver& receiver() const { return receiver_; }
  const ServerLimits& limits() const { return limits_; }
  bool stopping() const { return stopping_; }
  void leave(Session* session);

 private:
  void accept();
  void welcome(Stream::socket_type socket);

  const Handler handler_;
  const Receiver receiver_;
  const ServerLimits limits_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;
  std::condition_variable all_left_;
  std::unordered_map<Session*, std::weak_ptr<Session>> sessions_;  ///< Guarded by mutex_.

  asio::io_context context_;  // Behind what sessions use: it destroys the last of them.
  Acceptor acceptor_;         // Used on its own strand.
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Strand>
      accept_again_;
  std::vector<std::thread> threads_;
};

/// One connection. Everything happens on the connection's strand; pending operations keep it alive.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(BeastServer& server, Stream::socket_type socket)
      : server_(server),
        stream_(std::move(socket)),
        pause_(stream_.get_executor()),
        buffer_(server.limits().header_bytes + 256 * 1024) {}
  ~Session() { server_.leave(this); }

  void start() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      // A client that connects and stays silent is given no more than a request's time.
      self->await(std::min(self->server_.limits().idle, self->server_.limits().read_deadline));
    });
  }

  /// Ends the connection if no request is under way. From any thread.
  void close_if_idle() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->idle_) self->close();
    });
  }

 private:
  void await(std::chrono::seconds patience) {
    if (server_.stopping()) return close();
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

  void read_header() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(server_.limits().header_bytes, 1u << 31)));
    parser_->body_limit(boost::none);  // Who takes the body is not known yet.
    // One point in time for header and body together: a client that drips bytes does not move it.
    stream_.expires_after(server_.limits().read_deadline);
    beast::http::async_read_header(stream_, buffer_, *parser_,
                                   [self = shared_from_this()](error_code failed, std::size_t) {
                                     if (failed) return self->refuse(failed);
                                     self->read_body();
                                   });
  }

  void read_body() {
    const auto& header = parser_->get();
    const bool encoded = header.count(beast::http::field::transfer_encoding) > 0;
    // Two proxies that disagree on where a request ends can be made to see different requests.
    if (encoded && (!parser_->chunked() || header.count(beast::http::field::content_length) > 0))
      return refuse(400, "The length of the body is ambiguous.\n");
    if (parser_->is_done()) return handle();
    if (server_.receiver()) {
      const Request head = take_head(parser_->get());
      if (!guarded(head, [&] { receiver_ = server_.receiver()(head); })) return end_with_answer();
      if (receiver_) received_.emplace(std::move(*parser_));
    }
    if (!receiver_) {
      const auto length = parser_->content_length();
      if (length && *length > server_.limits().body_bytes) return refuse(beast::http::error::body_limit);
      parser_->body_limit(server_.limits().body_bytes);
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

  void read_rest() {
    if (receiver_) return receive();
    beast::http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code failed, std::size_t) {
      if (failed) return self->refuse(failed);
      self->handle();
    });
  }

  void receive() {
    part_.resize(part_size);
    auto& body = received_->get().body();
    body.data = part_.data();
    body.size = part_.size();
    body.more = true;
    stream_.expires_after(server_.limits().idle);
    beast::http::async_read(stream_, buffer_, *received_, [self = shared_from_this()](error_code failed, std::size_t) {
      if (failed == beast::http::error::need_buffer) failed = {};
      if (failed) {
        self->receiver_.reset();
        return self->refuse(failed);
      }
      self->hand_over();
    });
  }

  /// What has come goes to the receiver; then on to the next part, or to its answer.
  void hand_over() {
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

  void handle() {
    auto message = parser_->release();
    Request request = take_head(message);
    request.body = std::move(message.body());
    guarded(request, [&] { response_ = server_.handler()(request); });
    if (response_.close_without_answer) return close();
    answer(gzip_accepted_);
  }

  /// Runs what others wrote; false when it threw, with the answer to that in response_.
  template <class Work>
  bool guarded(const Request& request, Work work) {
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

  /// The request without its body; also keeps what the answer depends on.
  template <class Message>
  Request take_head(const Message& message) {
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

  void answer(bool gzip) {
    if (!can_be_sent(response_)) {
      base::log(base::LogLevel::error, "http: a handler's answer has an impossible status or header");
      response_ = plain_answer(500, "Internal error.\n");
    }
    const bool has_body = response_.status != 204 && response_.status != 304;
    const bool streams = has_body && response_.stream;
    gzip_.reset();
    if (gzip && has_body && response_.status != 206 && !has_header(response_, "Content-Encoding")) {
      bool packed = false;
      if (streams) {
        if (!head_) gzip_.emplace();
        packed = true;
      } else if (response_.body.size() > smallest_gzip) {
        if (auto smaller = gzip_whole(response_.body)) {
          response_.body = *std::move(smaller);
          packed = true;
        }
      }
      if (packed) {
        response_.headers.emplace_back("Content-Encoding", "gzip");
        response_.headers.emplace_back("Vary", "Accept-Encoding");
      }
    }

    if (streams && !chunked_) keep_alive_ = false;  // HTTP/1.0: the end of the connection ends the body.
    if (server_.stopping()) keep_alive_ = false;
    std::string fields;
    for (const auto& [name, value] : response_.headers) {
      if (same_word(name, "Connection")) {
        if (same_word(value, "close")) keep_alive_ = false;
        continue;
      }
      // How the body is framed is known here only.
      if (same_word(name, "Content-Length") || same_word(name, "Transfer-Encoding")) continue;
      fields.append(name).append(": ").append(value).append("\r\n");
    }
    head_text_ = "HTTP/1.1 " + std::to_string(response_.status) + " ";
    head_text_ += to_view(beast::http::obsolete_reason(beast::http::int_to_status(unsigned(response_.status))));
    head_text_ += "\r\n";
    head_text_ += fields;
    if (!has_header(response_, "Date")) head_text_ += "Date: " + base::to_http_date(base::SystemClock{}.now()) + "\r\n";
    if (streams) {
      if (chunked_) head_text_ += "Transfer-Encoding: chunked\r\n";
    } else if (has_body) {
      head_text_ += "Content-Length: " + std::to_string(response_.body.size()) + "\r\n";
    }
    if (!keep_alive_) {
      head_text_ += "Connection: close\r\n";
    } else if (!chunked_) {
      head_text_ += "Connection: keep-alive\r\n";  // HTTP/1.0 closes unless told otherwise.
    }
    head_text_ += "\r\n";

    const bool sends_body = has_body && !head_;
    const std::array<asio::const_buffer, 2> parts{
        asio::buffer(head_text_), sends_body && !streams ? asio::buffer(response_.body) : asio::const_buffer{}};
    stream_.expires_after(server_.limits().idle);
    asio::async_write(stream_, parts, [self = shared_from_this(), streams, sends_body](error_code failed, std::size_t) {
      if (failed) return self->close();
      if (streams && sends_body) return self->send_chunk();
      self->finish();
    });
  }

  void send_chunk() {
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
    stream_.expires_after(server_.limits().idle);
    asio::async_write(stream_, parts, [self = shared_from_this(), more](error_code failed, std::size_t) {
      if (failed) return self->close();
      if (more) return self->send_chunk();
      self->finish();
    });
  }

  void pause_stream() {
    if (server_.stopping()) return close();
    pause_.expires_after(stream_pause);
    pause_.async_wait([self = shared_from_this()](error_code failed) {
      if (failed) return self->close();
      self->send_chunk();
    });
  }

  void finish() {
    response_ = {};
    gzip_.reset();
    if (refused_) return drain();
    if (!keep_alive_) return close();
    await(server_.limits().idle);
  }

  void refuse(error_code failed) {
    using beast::http::error;
    if (failed == error::header_limit || failed == error::buffer_overflow)
      return refuse(431, "The header is larger than " + std::to_string(server_.limits().header_bytes) + " bytes.\n");
    if (failed == error::body_limit)
      return refuse(413, "The body is larger than " + std::to_string(server_.limits().body_bytes) + " bytes.\n");
    if (failed == error::end_of_stream || failed == error::partial_message ||
        failed.category() != make_error_code(error::bad_method).category())
      return close();
    refuse(400, "This is not an HTTP request: " + failed.message() + ".\n");
  }

  void refuse(int status, std::string text) {
    response_ = plain_answer(status, std::move(text));
    head_ = false;
    end_with_answer();
  }

  /// Answers a request that was not read to its end; the rest of it must not be taken for another.
  void end_with_answer() {
    keep_alive_ = false;
    refused_ = true;
    answer(false);
  }

  /// Reads what the client still sends: closing over unread bytes resets the connection, and a reset may
  /// overtake the answer.
  void drain() {
    error_code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream_.expires_after(linger);
    drain_more();
  }
  void drain_more() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(64 * 1024), [self = shared_from_this()](error_code failed, std::size_t) {
      if (failed || self->server_.stopping()) return self->close();
      self->drain_more();
    });
  }

  void close() {
    response_ = {};
    error_code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_both, ignored);
    stream_.socket().close(ignored);
  }

  static std::string_view to_view(beast::string_view text) { return {text.data(), text.size()}; }

  BeastServer& server_;
  Stream stream_;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Strand> pause_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  std::optional<beast::http::request_parser<beast::http::buffer_body>> received_;
  std::unique_ptr<BodyReceiver> receiver_;
  std::string part_;  ///< Of the body that receiver_ takes.
  Response response_;
  std::optional<GzipStream> gzip_;
  std::string head_text_;  ///< What goes before the body or chunk being written.
  std::string chunk_;
  bool idle_ = false;
  bool keep_alive_ = false;
  bool chunked_ = true;
  bool head_ = false;
  bool gzip_accepted_ = false;
  bool refused_ = false;
};

base::Result<void> BeastServer::open(const std::string& address, std::uint16_t port) {
  const std::string place = address + ":" + std::to_string(port);
  error_code failed;
  Tcp::resolver resolver{context_};
  const auto found = resolver.resolve(address, std::to_string(port), Tcp::resolver::passive, failed);
  if (failed || found.empty())
    return base::failure(base::ErrorKind::settings, "cannot listen on " + place + ": the address is unknown");
  const Tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor_.open(endpoint.protocol(), failed);
  if (!failed) acceptor_.set_option(Acceptor::reuse_address(true), failed);
  if (!failed) acceptor_.bind(endpoint, failed);
  if (!failed) acceptor_.listen(Acceptor::max_listen_connections, failed);
  if (failed)
    return base::failure(
        base::ErrorKind::settings,
        "cannot listen on " + place + ": " + failed.message() +
            (failed == asio::error::address_in_use ? "; stop the other program or choose another port" : ""));
  port_ = acceptor_.local_endpoint().port();
  asio::post(acceptor_.get_executor(), [this] { accept(); });
  for (int thread = 0; thread < std::max(limits_.threads, 1); ++thread)
    threads_.emplace_back([this] { context_.run(); });
  return {};
}

void BeastServer::accept() {
  if (stopping_) return;
  acceptor_.async_accept(asio::make_strand(context_), [this](error_code failed, Stream::socket_type socket) {
    if (stopping_) return;
    if (!failed) {
      welcome(std::move(socket));
      return accept();
    }
    // Out of descriptors, mostly: trying again at once would only burn the processor.
    accept_again_.expires_after(100ms);
    accept_again_.async_wait([this](error_code cancelled) {
      if (!cancelled) accept();
    });
  });
}

void BeastServer::welcome(Stream::socket_type socket) {
  error_code ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  std::shared_ptr<Session> session;
  {
    const std::lock_guard lock{mutex_};
    if (sessions_.size() < limits_.connections) {
      session = std::make_shared<Session>(*this, std::move(socket));
      sessions_.emplace(session.get(), session);
    }
  }
  if (session) return session->start();
  static constexpr std::string_view busy =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  socket.non_blocking(true, ignored);
  socket.send(asio::buffer(busy), 0, ignored);
  socket.shutdown(Tcp::socket::shutdown_send, ignored);
}

void BeastServer::leave(Session* session) {
  const std::lock_guard lock{mutex_};
  sessions_.erase(session);
  if (sessions_.empty()) all_left_.notify_all();
}

void BeastServer::stop() {
  if (stopping_.exchange(true)) return;
  asio::post(acceptor_.get_executor(), [this] {
    error_code ignored;
    acceptor_.close(ignored);
    accept_again_.cancel();
  });
  std::vector<std::shared_ptr<Session>> open;  // Released outside the lock, which a leaving session takes.
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [session, alive] : sessions_)
      if (auto held = alive.lock()) open.push_back(std::move(held));
  }
  for (const auto& session : open) session->close_if_idle();
  open.clear();
  {
    std::unique_lock lock{mutex_};
    all_left_.wait_for(lock, stop_patience, [this] { return sessions_.empty(); });
  }
  context_.stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace

base::Result<std::unique_ptr<Server>> Server::listen(const std::string& address, std::uint16_t port, Handler handler,
                                                     const ServerLimits& limits, Receiver receiver) {
  auto server = std::make_unique<BeastServer>(std::move(handler), limits, std::move(receiver));
  RETURN_IF_ERROR(server->open(address, port));
  return server;
}

}  // namespace http
