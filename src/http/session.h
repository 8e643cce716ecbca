#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/packing.h"
#include "http/server.h"

namespace http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Strand = asio::strand<asio::io_context::executor_type>;
using Stream = beast::basic_stream<Tcp, Strand>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Strand>;

class Session;

/// What the listener and its connections share. Outlives them.
struct Shared {
  const Handler handler;
  const Receiver receiver;
  const ServerLimits limits;
  const std::function<void(Session*)> leave;  ///< Called by a connection that ends. From any thread.
  std::atomic<bool> stopping{false};
};

/// One connection. Everything happens on the connection's strand; pending operations keep it alive.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Shared& shared, Stream::socket_type socket)
      : shared_(shared),
        stream_(std::move(socket)),
        pause_(stream_.get_executor()),
        buffer_(shared.limits.header_bytes + 256 * 1024) {}
  ~Session() { shared_.leave(this); }

  void start();
  /// Ends the connection if no request is under way. From any thread.
  void close_if_idle();

 private:
  void await(std::chrono::seconds patience);
  void read_header();
  void read_body();
  void read_rest();
  void receive();
  /// What has come goes to the receiver; then on to the next part, or to its answer.
  void hand_over();
  void handle();
  /// Runs what others wrote; false when it threw, with the answer to that in response_.
  template <class Work>
  bool guarded(const Request& request, Work work);
  /// The request without its body; also keeps what the answer depends on.
  template <class Message>
  Request take_head(const Message& message);
  void answer(bool gzip);
  void pack(bool streams);
  void send_chunk();
  void pause_stream();
  void finish();
  void refuse(error_code failed);
  void refuse(int status, std::string text);
  /// Answers a request that was not read to its end; the rest of it must not be taken for another.
  void end_with_answer();
  /// Reads what the client still sends: closing over unread bytes resets the connection, and a reset may
  /// overtake the answer.
  void drain();
  void drain_more();
  void close();
  Shared& shared_;
  Stream stream_;
  Timer pause_;
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

}  // namespace http
