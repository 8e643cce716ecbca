#include "http/server.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "http/session.h"

namespace http {
namespace {

using Acceptor = asio::basic_socket_acceptor<Tcp, Strand>;
using namespace std::chrono_literals;

constexpr auto stop_patience = 2s;

/// Listens, and lets connections in as long as there is room.
class BeastServer final : public Server {
 public:
  BeastServer(Handler handler, const ServerLimits& limits, Receiver receiver)
      : shared_{std::move(handler), std::move(receiver), limits, [this](Session* session) { leave(session); }},
        context_(std::max(limits.threads, 1)),
        acceptor_(asio::make_strand(context_)),
        accept_again_(acceptor_.get_executor()) {}
  ~BeastServer() override { stop(); }

  base::Result<void> open(const std::string& address, std::uint16_t port);
  std::uint16_t port() const override { return port_; }
  void stop() override;

 private:
  void accept();
  void welcome(Stream::socket_type socket);
  void leave(Session* session);

  Shared shared_;
  std::uint16_t port_ = 0;

  std::mutex mutex_;
  std::condition_variable all_left_;
  std::unordered_map<Session*, std::weak_ptr<Session>> sessions_;  ///< Guarded by mutex_.

  asio::io_context context_;  // Behind what sessions use: it destroys the last of them.
  Acceptor acceptor_;         // Used on its own strand.
  Timer accept_again_;
  std::vector<std::thread> threads_;
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
  for (int thread = 0; thread < std::max(shared_.limits.threads, 1); ++thread)
    threads_.emplace_back([this] { context_.run(); });
  return {};
}

void BeastServer::accept() {
  if (shared_.stopping) return;
  acceptor_.async_accept(asio::make_strand(context_), [this](error_code failed, Stream::socket_type socket) {
    if (shared_.stopping) return;
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
    if (sessions_.size() < shared_.limits.connections) {
      session = std::make_shared<Session>(shared_, std::move(socket));
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
  if (shared_.stopping.exchange(true)) return;
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
