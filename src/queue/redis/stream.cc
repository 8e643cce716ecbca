#include "queue/redis/stream.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace queue {
namespace {

using base::ErrorKind;

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }

 private:
  int number_ = -1;
};

int milliseconds_until(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left, 3'600'000));
}

std::string tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  return code == 0 ? "the connection was closed" : ERR_reason_error_string(code);
}

/// One context for all connections, made when the first is.
SSL_CTX* tls_context() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    CHECK(made != nullptr);
    SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
    SSL_CTX_set_verify(made, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_default_verify_paths(made);
    return made;
  }();
  return context;
}

class Socket final : public Stream {
 public:
  Socket(std::string name, Descriptor descriptor)
      : name_(std::move(name)), socket_(std::move(descriptor)), told_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  base::Result<void> start_tls(const std::string& host, Deadline deadline) {
    ssl_.reset(SSL_new(tls_context()));
    CHECK(ssl_ != nullptr);
    SSL_set_fd(ssl_.get(), socket_.get());
    X509_VERIFY_PARAM* checks = SSL_get0_param(ssl_.get());
    if (X509_VERIFY_PARAM_set1_ip_asc(checks, host.c_str()) != 1) {
      X509_VERIFY_PARAM_set1_host(checks, host.c_str(), host.size());
      // What the macro SSL_set_tlsext_host_name does, by casts that our warnings refuse.
      SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()));
    }
    while (true) {
      const int done = SSL_connect(ssl_.get());
      if (done == 1) return {};
      if (const long verdict = SSL_get_verify_result(ssl_.get()); verdict != X509_V_OK)
        return std::unexpected(
            failed(std::string{"its certificate is not accepted: "} + X509_verify_cert_error_string(verdict)));
      if (auto more = await_tls(done, deadline); !more) {
        if (more.error().kind == ErrorKind::unreachable) more.error().message += " (does this port speak TLS?)";
        return more;
      }
    }
  }

  base::Result<void> write(std::string_view bytes, Deadline deadline) override {
    while (!bytes.empty()) {
      if (ssl_) {
        const int written =
            SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)));
        if (written > 0) {
          bytes.remove_prefix(static_cast<std::size_t>(written));
        } else {
          RETURN_IF_ERROR(await_tls(written, deadline));
        }
        continue;
      }
      const ssize_t written = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (written >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        RETURN_IF_ERROR(await(POLLOUT, deadline));
      } else if (errno != EINTR) {
        return std::unexpected(failed(std::strerror(errno)));
      }
    }
    return {};
  }

  base::Result<std::size_t> read(char* into, std::size_t room, Deadline deadline) override {
    while (true) {
      if (ssl_) {
        const int got = SSL_read(ssl_.get(), into, static_cast<int>(std::min<std::size_t>(room, 1 << 20)));
        if (got > 0) return static_cast<std::size_t>(got);
        RETURN_IF_ERROR(await_tls(got, deadline));
        continue;
      }
      const ssize_t got = recv(socket_.get(), into, room, 0);
      if (got > 0) return static_cast<std::size_t>(got);
      if (got == 0) return std::unexpected(failed("it closed the connection"));
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        RETURN_IF_ERROR(await(POLLIN, deadline));
      } else if (errno != EINTR) {
        return std::unexpected(failed(std::strerror(errno)));
      }
    }
  }

  bool is_stale() override {
    pollfd look{socket_.get(), POLLIN, 0};
    if (poll(&look, 1, 0) == 0) return false;
    if (!ssl_) return true;
    // TLS 1.3 sends session tickets by itself.
    char byte = 0;
    const int got = SSL_peek(ssl_.get(), &byte, 1);
    return got > 0 || SSL_get_error(ssl_.get(), got) != SSL_ERROR_WANT_READ;
  }

  void interrupt() override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(told_.get(), &one, sizeof one);
  }

  base::Result<void> await(short events, Deadline deadline) {
    pollfd looks[] = {{socket_.get(), events, 0}, {told_.get(), POLLIN, 0}};
    while (true) {
      const int ready = poll(looks, 2, milliseconds_until(deadline));
      if (ready < 0 && errno == EINTR) continue;
      if (ready < 0) return std::unexpected(failed(std::strerror(errno)));
      if (ready == 0) return std::unexpected(failed("no answer in time"));
      if (looks[1].revents != 0) return base::failure(ErrorKind::cancelled, "waiting for " + name_ + " was ended");
      return {};
    }
  }

  base::Error failed(const std::string& why) const { return {ErrorKind::unreachable, name_ + ": " + why}; }

 private:
  base::Result<void> await_tls(int result, Deadline deadline) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return await(POLLIN, deadline);
      case SSL_ERROR_WANT_WRITE:
        return await(POLLOUT, deadline);
      default:
        return std::unexpected(failed("TLS: " + tls_error()));
    }
  }

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  const std::string name_;
  Descriptor socket_;
  Descriptor told_;  ///< Readable once interrupted.
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace

base::Result<std::unique_ptr<Stream>> Stream::connect(const std::string& host, std::uint16_t port, bool tls,
                                                      Deadline deadline) {
  const std::string name = "Redis at " + host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); failed != 0)
    return base::failure(ErrorKind::unreachable, name + ": " + gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned{found, &freeaddrinfo};
  base::Error last{ErrorKind::unreachable, name + ": the name has no address"};
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    Descriptor descriptor{::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (descriptor.get() < 0) continue;
    const int number = descriptor.get(), on = 1;
    setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(number, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    auto socket = std::make_unique<Socket>(name, std::move(descriptor));
    int error = ::connect(number, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      if (auto ready = socket->await(POLLOUT, deadline); !ready) {
        last = ready.error();
        continue;
      }
      socklen_t size = sizeof error;
      getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error != 0) {
      last = socket->failed(std::strerror(error));
      continue;
    }
    if (tls) {
      if (auto secured = socket->start_tls(host, deadline); !secured) {
        last = secured.error();
        continue;
      }
    }
    return socket;
  }
  return std::unexpected(std::move(last));
}

}  // namespace queue
