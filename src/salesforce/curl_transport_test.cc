#include "salesforce/curl_transport.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "salesforce/transport.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using std::chrono::milliseconds;

/// One connection of the server, with what it takes to answer by hand.
class Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(socket_); }

  /// One request with its body; empty when the client is gone.
  std::string read_request() {
    std::string text;
    while (true) {
      if (const auto end = text.find("\r\n\r\n"); end != std::string::npos) {
        std::size_t length = 0;
        if (const auto at = text.find("Content-Length: "); at < end) length = std::stoul(text.substr(at + 16));
        if (text.size() >= end + 4 + length) return text;
      }
      char buffer[65536];
      const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      text.append(buffer, static_cast<std::size_t>(got));
    }
  }
  void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void answer(std::string_view status, std::string_view body, std::string_view more_headers = "") {
    write("HTTP/1.1 " + std::string{status} + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
          std::string{more_headers} + "\r\n" + std::string{body});
  }
  void wait_until_gone() {
    char byte;
    while (::recv(socket_, &byte, 1, 0) > 0) {
    }
  }
  /// A read gives up after that.
  void be_patient_for(milliseconds time) {
    const timeval longest{0, static_cast<suseconds_t>(time.count()) * 1000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
  }
  /// Closes with a reset instead of a farewell.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }

 private:
  int socket_;
};

/// Listens on a loopback port and gives each connection to `handler`, one at a time.
class Server {
 public:
  explicit Server(std::function<void(Connection&)> handler, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    CHECK(::bind(socket_, raw, size) == 0 && ::listen(socket_, 8) == 0 && ::getsockname(socket_, raw, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread{[this, handler = std::move(handler)] {
      while (true) {
        const int client = ::accept(socket_, nullptr, nullptr);
        if (client < 0) return;
        ++connections;
        Connection connection{client};
        handler(connection);
      }
    }};
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    ::shutdown(socket_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(socket_);
  }

  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string{path};
  }

  std::atomic<int> connections = 0;

 private:
  int socket_;
  int port_ = 0;
  std::jthread thread_;
};

struct CurlTransportTest : testing::Test {
  base::SystemClock clock;
  base::Result<Answer> send(const Request& request, Deadlines deadlines = {}, std::stop_token stop = {}) {
    // The transport goes before the server, whose handlers wait for the client to leave.
    return CurlTransport{clock, deadlines, stop}.send(request);
  }
};

TEST_F(CurlTransportTest, GoesToThisMachineWithoutAProxy) {
  Server server{[](Connection& connection) {
    connection.read_request();
    connection.answer("200 OK", "here");
  }};
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  const auto answer = send({.url = server.url()});
  ::unsetenv("http_proxy");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "here");
}

TEST_F(CurlTransportTest, SaysWhatAProxyWantsThatAsksForAPassword) {
  Server server{[](Connection& connection) {
    connection.read_request();
    connection.answer("407 Proxy Authentication Required", "", "Proxy-Authenticate: Basic realm=\"x\"\r\n");
  }};
  ::setenv("https_proxy", server.url().c_str(), 1);
  const auto tunnel = send({.url = "https://acme.my.salesforce.com/"});
  ::unsetenv("https_proxy");
  for (const auto& refused : {tunnel, send({.url = server.url()})}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unreachable);
    EXPECT_TRUE(refused.error().message.contains("HTTPS_PROXY")) << refused.error().message;
  }
}

TEST_F(CurlTransportTest, AProcessThatIsToStopBreaksOffWhatMayBeBrokenOff) {
  const std::atomic<bool> stopping = true;
  Server server{[](Connection& connection) {
    if (connection.read_request().starts_with("GET")) return connection.wait_until_gone();
    connection.answer("200 OK", "done");
  }};
  CurlTransport transport{clock, {}, {}, {}, &stopping};
  const auto read = transport.send({.url = server.url()});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::cancelled);
  const auto written =
      transport.send({.method = "POST", .url = server.url(), .headers = {}, .body = "{}", .finish = true});
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->body, "done");
}

TEST_F(CurlTransportTest, SendsWhatItIsGivenAndReturnsWhatItGets) {
  std::string seen;
  Server server{[&](Connection& connection) {
    seen = connection.read_request();
    connection.answer("404 Not Found", "{}", "Sforce-Limit-Info:  api-usage=1/2 \r\nDATE: now\r\n");
  }};
  const auto answer = send({.method = "PATCH",
                            .url = server.url("/services/data?q=a%20b"),
                            .headers = {{"Authorization", "Bearer T"}, {"Content-Type", "application/json"}},
                            .body = "{\"a\":1}"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "{}");
  EXPECT_GE(answer->body.capacity(), answer->body.size() + body_padding);
  EXPECT_EQ(answer->header("sforce-limit-info"), "api-usage=1/2");
  EXPECT_EQ(answer->header("date"), "now");
  EXPECT_TRUE(seen.starts_with("PATCH /services/data?q=a%20b HTTP/1.1\r\n")) << seen;
  EXPECT_TRUE(seen.contains("\r\nAuthorization: Bearer T\r\n"));
  EXPECT_TRUE(seen.contains("\r\nContent-Type: application/json\r\n"));
  EXPECT_TRUE(seen.contains("\r\nUser-Agent: lockstep/" LOCKSTEP_VERSION "\r\n"));
  EXPECT_TRUE(seen.contains("\r\nAccept-Encoding: gzip\r\n"));
  EXPECT_FALSE(seen.contains("Expect:"));
  EXPECT_TRUE(seen.ends_with("\r\n\r\n{\"a\":1}"));
}

TEST_F(CurlTransportTest, KeepsItsConnection) {
  std::vector<std::string> seen;
  Server server{[&](Connection& connection) {
    for (std::string request; !(request = connection.read_request()).empty();) {
      seen.push_back(request.substr(0, request.find(' ')));
      connection.answer("200 OK", "{}");
    }
  }};
  {
    CurlTransport transport{clock};
    ASSERT_TRUE(transport.send({.method = "POST", .url = server.url(), .headers = {}, .body = "x"}));
    ASSERT_TRUE(transport.send({.url = server.url()}));
    ASSERT_TRUE(transport.send({.method = "DELETE", .url = server.url()}));
  }
  EXPECT_EQ(server.connections, 1);
  EXPECT_EQ(seen, (std::vector<std::string>{"POST", "GET", "DELETE"}));
}

TEST_F(CurlTransportTest, UnpacksGzip) {
  Server server{[](Connection& connection) {
    connection.read_request();
    connection.answer("200 OK",
                      std::string_view{"\037\213\010\000\000\000\000\000\002\003\253\126\252\312\054\050\110\115\121"
                                       "\262\052\051\052\115\255\005\000\204\050\274\010\017\000\000\000",
                                       35},
                      "Content-Encoding: gzip\r\n");
  }};
  EXPECT_EQ(send({.url = server.url()}).value().body, "{\"zipped\":true}");
}

TEST_F(CurlTransportTest, ReadsALargeBodyWhole) {
  std::string large(3'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); i += 7) large[i] = static_cast<char>('a' + i % 26);
  Server server{[&](Connection& connection) {
    connection.read_request();
    connection.answer("200 OK", large);
  }};
  EXPECT_TRUE(send({.url = server.url()}).value().body == large);
}

TEST_F(CurlTransportTest, FollowsNoRedirect) {
  Server server{[](Connection& connection) {
    connection.read_request();
    connection.answer("302 Found", "", "Location: /elsewhere\r\n");
  }};
  EXPECT_EQ(send({.url = server.url()}).value().status, 302);
  EXPECT_EQ(server.connections, 1);
}

TEST_F(CurlTransportTest, SaysThatARefusedConnectionDidNothing) {
  std::string url;
  {
    Server server{[](Connection&) {}};
    url = server.url("/secret-path?q=secret");
  }
  const auto answer = send({.method = "PATCH", .url = url, .headers = {}, .body = "{}"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  EXPECT_TRUE(answer.error().message.contains("127.0.0.1:")) << answer.error().message;
  EXPECT_FALSE(answer.error().message.contains("secret")) << answer.error().message;
}

TEST_F(CurlTransportTest, DoesNotKnowWhatBecameOfARequestWhoseAnswerWasLost) {
  Server server{[](Connection& connection) { connection.read_request(); }};
  const auto answer = send({.method = "PATCH", .url = server.url(), .headers = {}, .body = "{}"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unknown_fate);
}

TEST_F(CurlTransportTest, SendsARequestOnceThatMustNotBeDoneTwice) {
  std::atomic<int> posts = 0;
  Server server{[&](Connection& connection) {
    connection.be_patient_for(milliseconds{300});  // The next one may come on a connection of its own.
    for (std::string request; !(request = connection.read_request()).empty();) {
      if (request.starts_with("POST")) return void(++posts);
      connection.answer("200 OK", "{}");
    }
  }};
  {
    CurlTransport transport{clock};
    ASSERT_TRUE(transport.send({.url = server.url()}));
    const auto answer =
        transport.send({.method = "POST", .url = server.url(), .headers = {}, .body = "{}", .once = true});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::unknown_fate);
  }
  EXPECT_EQ(posts.load(), 1);
}

TEST_F(CurlTransportTest, DoesNotKnowWhatBecameOfARequestWhoseAnswerIsCutShort) {
  Server server{[](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"records\":[");
  }};
  EXPECT_EQ(send({.url = server.url()}).error().kind, ErrorKind::unknown_fate);
}

TEST_F(CurlTransportTest, SaysThatARequestThatDidNotGetOutWholeDidNothing) {
  Server server{[](Connection& connection) {
                  std::this_thread::sleep_for(milliseconds{200});
                  connection.reset();
                },
                4096};
  const std::string large(30'000'000, 'x');
  EXPECT_EQ(send({.method = "PATCH", .url = server.url(), .headers = {}, .body = large}).error().kind,
            ErrorKind::unreachable);
}

TEST_F(CurlTransportTest, WaitsLongerForTheFirstByteThanForTheNext) {
  Server server{[](Connection& connection) {
    connection.read_request();
    std::this_thread::sleep_for(milliseconds{2500});
    connection.answer("200 OK", "{}");
  }};
  Deadlines deadlines;
  deadlines.stalled = milliseconds{500};
  EXPECT_EQ(send({.method = "POST", .url = server.url(), .headers = {}, .body = "x"}, deadlines).value().body, "{}");
}

TEST_F(CurlTransportTest, GivesUpOnASilentServer) {
  Server server{[](Connection& connection) {
    connection.read_request();
    connection.wait_until_gone();
  }};
  Deadlines deadlines;
  deadlines.first_byte = milliseconds{300};
  EXPECT_EQ(send({.url = server.url()}, deadlines).error().kind, ErrorKind::unknown_fate);
}

TEST_F(CurlTransportTest, GivesUpOnAnAnswerThatStandsStill) {
  Server server{[](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    connection.wait_until_gone();
  }};
  Deadlines deadlines;
  deadlines.stalled = milliseconds{300};
  const auto answer = send({.url = server.url()}, deadlines);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unknown_fate);
  EXPECT_TRUE(answer.error().message.contains("stood still")) << answer.error().message;
}

TEST_F(CurlTransportTest, GivesUpWhenTheWholeTakesTooLong) {
  Server server{[](Connection& connection) {
    connection.read_request();
    connection.wait_until_gone();
  }};
  Deadlines deadlines;
  deadlines.total = milliseconds{300};
  EXPECT_EQ(send({.url = server.url()}, deadlines).error().kind, ErrorKind::unknown_fate);
}

TEST_F(CurlTransportTest, ReadsNoEndlessAnswer) {
  Server server{[](Connection& connection) {
    connection.read_request();
    connection.answer("200 OK", std::string(100'000, 'x'));
    connection.wait_until_gone();
  }};
  Deadlines deadlines;
  deadlines.answer_bytes = 50'000;
  const auto answer = send({.url = server.url()}, deadlines);
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().message.contains("larger than")) << answer.error().message;
}

TEST_F(CurlTransportTest, StopsWhenAsked) {
  std::stop_source stop;
  Server server{[&](Connection& connection) {
    connection.read_request();
    stop.request_stop();
    connection.wait_until_gone();
  }};
  EXPECT_EQ(send({.url = server.url()}, {}, stop.get_token()).error().kind, ErrorKind::cancelled);
}

TEST_F(CurlTransportTest, SpeaksHttpAndNothingElse) {
  EXPECT_EQ(send({.url = "file:///etc/hostname"}).error().kind, ErrorKind::settings);
  EXPECT_EQ(send({.url = "http://"}).error().kind, ErrorKind::settings);
}

TEST_F(CurlTransportTest, LetsNoHeaderSmuggleAnother) {
  EXPECT_EQ(send({.url = "http://127.0.0.1:1/", .headers = {{"A", "b\r\nC: d"}}}).error().kind, ErrorKind::malformed);
}

}  // namespace
}  // namespace salesforce
