#include "http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

namespace http {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A client that sends exactly the bytes it is told to.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { ::close(socket_); }

  bool connected() const { return connected_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Reads until `end` has come, or the server closed, or ten seconds went by.
  std::string read_until(std::string_view end) {
    std::string text;
    while (text.find(end) == text.npos && read_some(text)) {
    }
    return text;
  }

  /// Reads to the end of the connection; `closed()` tells whether it came.
  std::string read_all() {
    std::string text;
    while (read_some(text)) {
    }
    return text;
  }
  bool closed() const { return closed_; }

 private:
  bool read_some(std::string& text) {
    pollfd wait{socket_, POLLIN, 0};
    if (::poll(&wait, 1, 10'000) <= 0) return false;
    std::array<char, 65536> bytes;
    const ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (size <= 0) {
      closed_ = true;
      return false;
    }
    text.append(bytes.data(), static_cast<std::size_t>(size));
    return true;
  }

  int socket_;
  bool connected_ = false;
  bool closed_ = false;
};

std::string gunzip(std::string_view packed) {
  z_stream zlib{};
  EXPECT_EQ(inflateInit2(&zlib, 15 + 16), Z_OK);
  std::string plain(1 << 20, '\0');
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  zlib.avail_in = static_cast<uInt>(packed.size());
  zlib.next_out = reinterpret_cast<Bytef*>(plain.data());
  zlib.avail_out = static_cast<uInt>(plain.size());
  EXPECT_EQ(inflate(&zlib, Z_FINISH), Z_STREAM_END);
  plain.resize(plain.size() - zlib.avail_out);
  inflateEnd(&zlib);
  return plain;
}

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

/// Joins the chunks of an answer that ends with the last one.
std::string unchunk(std::string_view body) {
  std::string plain;
  while (true) {
    const auto line = body.find("\r\n");
    if (line == body.npos) return plain + "<broken off>";
    const auto size = std::stoul(std::string{body.substr(0, line)}, nullptr, 16);
    if (size == 0) return plain;
    plain += body.substr(line + 2, size);
    body.remove_prefix(line + 2 + size + 2);
  }
}

Response text(std::string body) {
  Response response;
  response.body = std::move(body);
  return response;
}

/// Tells what the server understood.
Response echo(const Request& request) {
  return text(request.method + " " + request.path + "?" + request.query + " [" + request.body + "]");
}

ServerLimits short_limits() {
  ServerLimits limits;
  limits.header_bytes = 4096;
  limits.body_bytes = 100'000;
  limits.read_deadline = 1s;
  limits.idle = 2s;
  return limits;
}

std::unique_ptr<Server> serve(Handler handler, const ServerLimits& limits = short_limits()) {
  auto server = Server::listen("127.0.0.1", 0, std::move(handler), limits);
  EXPECT_TRUE(server) << server.error().message;
  return *std::move(server);
}

TEST(Server, KeepsAConnectionForTheNextRequest) {
  const auto server = serve(echo);
  Wire wire{server->port()};
  wire.send("GET /a%20b?c=%31 HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string first = wire.read_until("]");
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(first, HasSubstr("\r\nDate: "));
  EXPECT_THAT(first, EndsWith("GET /a%20b?c=%31 []"));
  wire.send("POST /two HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
  const std::string second = wire.read_all();
  EXPECT_THAT(second, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(second, EndsWith("POST /two? [hello]"));
  EXPECT_TRUE(wire.closed());
}

TEST(Server, AnswersRequestsSentAheadInOrder) {
  const auto server = serve(echo);
  Wire wire{server->port()};
  wire.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET http://host/3?q HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string answers = wire.read_all();
  const auto first = answers.find("GET /1? []");
  const auto second = answers.find("GET /2? []");
  const auto third = answers.find("GET /3?q []");
  EXPECT_NE(third, answers.npos) << answers;
  EXPECT_TRUE(first < second && second < third) << answers;
}

TEST(Server, ReadsHeadersInLowerCaseAndTakesTheLast) {
  const auto server = serve([](const Request& request) {
    Response response;
    response.headers = {{"Date", "Tue, 10 Aug 2015 00:00:00 GMT"}, {"Content-Length", "99"}};
    response.body = std::string{request.header("x-key")};
    return response;
  });
  Wire wire{server->port()};
  wire.send("GET / HTTP/1.0\r\nX-KEY: one\r\nx-Key: two\r\n\r\n");
  const std::string answer = wire.read_all();
  EXPECT_THAT(answer, HasSubstr("\r\nDate: Tue, 10 Aug 2015 00:00:00 GMT\r\n"));
  EXPECT_EQ(answer.find("Date:"), answer.rfind("Date:"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 3\r\n"));
  EXPECT_EQ(body_of(answer), "two");
}

TEST(Server, CutsAHeaderThatDrips) {
  const auto server = serve(echo);
  Wire wire{server->port()};
  const auto start = std::chrono::steady_clock::now();
  std::thread drip{[&] {
    wire.send("GET / HTTP/1.1\r\nX: ");
    while (std::chrono::steady_clock::now() - start < 5s && wire.send("x")) std::this_thread::sleep_for(100ms);
  }};
  EXPECT_EQ(wire.read_all(), "");
  EXPECT_TRUE(wire.closed());
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  drip.join();
}

TEST(Server, CutsABodyThatDrips) {
  const auto server = serve(echo);
  Wire wire{server->port()};
  const auto start = std::chrono::steady_clock::now();
  std::thread drip{[&] {
    wire.send("POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n");
    while (std::chrono::steady_clock::now() - start < 5s && wire.send("x")) std::this_thread::sleep_for(100ms);
  }};
  EXPECT_EQ(wire.read_all(), "");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  drip.join();
}

TEST(Server, ClosesAnIdleConnection) {
  const auto server = serve(echo);
  Wire wire{server->port()};
  wire.send("GET / HTTP/1.1\r\n\r\n");
  wire.read_until("]");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(wire.read_all(), "");
  EXPECT_TRUE(wire.closed());
  const auto waited = std::chrono::steady_clock::now() - start;
  EXPECT_TRUE(waited > 1500ms && waited < 4s);
}

TEST(Server, RefusesAHugeHeader) {
  const auto server = serve(echo);
  Wire wire{server->port()};
  wire.send("GET / HTTP/1.1\r\nX: ");
  const std::string kilobyte(1024, 'x');
  for (int sent = 0; sent < 1000 && wire.send(kilobyte); ++sent) {
  }
  EXPECT_THAT(wire.read_all(), StartsWith("HTTP/1.1 431 "));
  EXPECT_TRUE(wire.closed());
}

TEST(Server, RefusesABodyOfAmbiguousLength) {
  std::atomic<int> handled = 0;
  const auto server = serve([&](const Request& request) {
    ++handled;
    return echo(request);
  });
  for (const char* lengths :
       {"Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 5", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, identity",
        "Content-Length: -1", "Content-Length: 0x4"}) {
    Wire wire{server->port()};
    wire.send(std::string{"POST / HTTP/1.1\r\nHost: x\r\n"} + lengths +
              "\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n");
    const std::string answer = wire.read_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << lengths;
    EXPECT_THAT(answer, Not(HasSubstr("smuggled"))) << lengths;
    EXPECT_TRUE(wire.closed()) << lengths;
  }
  EXPECT_EQ(handled, 0);
}

TEST(Server, RefusesWhatIsNoHttp) {
  const auto server = serve(echo);
  Wire wire{server->port()};
  wire.send("\x16\x03\x01 hello\r\n\r\n");
  EXPECT_THAT(wire.read_all(), StartsWith("HTTP/1.1 400 "));
}

TEST(Server, RefusesATooLargeBody) {
  const auto server = serve(echo);
  {
    Wire wire{server->port()};
    wire.send("POST / HTTP/1.1\r\nContent-Length: 100001\r\n\r\n");
    wire.send(std::string(100'001, 'x'));
    EXPECT_THAT(wire.read_all(), StartsWith("HTTP/1.1 413 "));
  }
  Wire wire{server->port()};
  wire.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
  for (int sent = 0; sent < 200 && wire.send(chunk); ++sent) {
  }
  EXPECT_THAT(wire.read_all(), StartsWith("HTTP/1.1 413 "));
}

TEST(Server, TakesABodyOfExactlyTheLimit) {
  const auto server = serve([](const Request& request) { return text(std::to_string(request.body.size())); });
  Wire wire{server->port()};
  wire.send("POST / HTTP/1.1\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n" + std::string(100'000, 'x'));
  EXPECT_EQ(body_of(wire.read_all()), "100000");
}

TEST(Server, ReadsAChunkedBody) {
  const auto server = serve(echo);
  Wire wire{server->port()};
  wire.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n");
  std::this_thread::sleep_for(50ms);
  wire.send("6;note=1\r\n world\r\n0\r\n\r\n");
  EXPECT_THAT(wire.read_all(), EndsWith("POST /? [hello world]"));
}

TEST(Server, TellsAClientThatWaitsToGoOn) {
  const auto server = serve(echo);
  Wire wire{server->port()};
  wire.send("POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(wire.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wire.send("ok");
  EXPECT_THAT(wire.read_all(), EndsWith("[ok]"));
}

/// Hands out three chunks, with a pause before the second.
Response three_chunks(const Request&) {
  Response response;
  response.stream = [step = 0](std::string& chunk) mutable {
    ++step;
    if (step == 2) return true;
    chunk = step == 1 ? "one " : step == 3 ? "two " : std::string(3000, '3');
    return step < 4;
  };
  return response;
}

TEST(Server, StreamsInChunks) {
  const auto server = serve(three_chunks);
  Wire wire{server->port()};
  for (int request = 0; request < 2; ++request) {  // The second shows that the connection stayed usable.
    wire.send("GET / HTTP/1.1\r\n\r\n");
    const std::string answer = wire.read_until("\r\n0\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
    EXPECT_EQ(unchunk(body_of(answer)), "one two " + std::string(3000, '3'));
  }
}

TEST(Server, StreamsToTheEndOfTheConnectionForHttp10) {
  const auto server = serve(three_chunks);
  Wire wire{server->port()};
  wire.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string answer = wire.read_all();
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_EQ(body_of(answer), "one two " + std::string(3000, '3'));
}

TEST(Server, GzipsAStreamChunkByChunk) {
  const auto server = serve(three_chunks);
  Wire wire{server->port()};
  wire.send("GET / HTTP/1.1\r\nAccept-Encoding: br, gzip;q=0.8\r\nConnection: close\r\n\r\n");
  const std::string answer = wire.read_all();
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
  EXPECT_EQ(gunzip(unchunk(body_of(answer))), "one two " + std::string(3000, '3'));
}

TEST(Server, LeavesAStreamThatThrowsUnfinished) {
  const auto server = serve([](const Request&) {
    Response response;
    response.stream = [first = true](std::string& chunk) mutable {
      if (!first) throw std::runtime_error{"no more"};
      first = false;
      chunk = "part";
      return true;
    };
    return response;
  });
  Wire wire{server->port()};
  wire.send("GET / HTTP/1.1\r\n\r\n");
  const std::string answer = wire.read_all();
  EXPECT_TRUE(wire.closed());
  EXPECT_EQ(unchunk(body_of(answer)), "part<broken off>");
}

TEST(Server, GzipsLargeBodiesForThoseWhoAsk) {
  const std::string large(20'000, 'a');
  const auto server = serve([&](const Request& request) {
    Response response;
    response.body = request.path == "/small" ? "small" : large;
    if (request.path == "/encoded") response.headers.emplace_back("content-encoding", "zstd");
    return response;
  });
  const auto get = [&](const std::string& path, const std::string& accepts) {
    Wire wire{server->port()};
    wire.send("GET " + path + " HTTP/1.1\r\nAccept-Encoding: " + accepts + "\r\nConnection: close\r\n\r\n");
    return wire.read_all();
  };
  const std::string packed = get("/", "deflate, GZIP");
  EXPECT_THAT(packed, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
  EXPECT_THAT(packed, HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  EXPECT_LT(packed.size(), 2000u);
  EXPECT_EQ(gunzip(body_of(packed)), large);
  for (const char* accepts : {"identity", "gzip;q=0", "gzip; q=0.000", "gzippy"})
    EXPECT_EQ(body_of(get("/", accepts)), large) << accepts;
  EXPECT_EQ(body_of(get("/small", "gzip")), "small");
  EXPECT_EQ(body_of(get("/encoded", "gzip")), large);
}

TEST(Server, AnswersHeadWithoutABody) {
  const auto server = serve([](const Request& request) {
    if (request.path == "/stream") return three_chunks(request);
    return text("hello");
  });
  Wire wire{server->port()};
  wire.send("HEAD / HTTP/1.1\r\n\r\nHEAD /stream HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string answers = wire.read_all();
  EXPECT_THAT(answers, HasSubstr("\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(answers, Not(HasSubstr("hello")));
  EXPECT_THAT(answers, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(answers, EndsWith("\r\n\r\n"));
}

TEST(Server, SendsNoBodyWith204) {
  const auto server = serve([](const Request&) {
    Response response;
    response.status = 204;
    return response;
  });
  Wire wire{server->port()};
  wire.send("DELETE / HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string answer = wire.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
}

TEST(Server, CutsTheConnectionWhenTheHandlerSaysSo) {
  const auto server = serve([](const Request&) {
    Response response;
    response.close_without_answer = true;
    return response;
  });
  Wire wire{server->port()};
  wire.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(wire.read_all(), "");
  EXPECT_TRUE(wire.closed());
}

TEST(Server, Answers500WhenAHandlerThrowsOrSplitsAHeader) {
  const auto server = serve([](const Request& request) -> Response {
    if (request.path == "/throws") throw std::runtime_error{"a secret"};
    Response response;
    response.headers.emplace_back("Location", "/\r\nSet-Cookie: stolen=1");
    return response;
  });
  for (const char* path : {"/throws", "/splits"}) {
    Wire wire{server->port()};
    wire.send(std::string{"GET "} + path + " HTTP/1.1\r\nConnection: close\r\n\r\n");
    const std::string answer = wire.read_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 ")) << path;
    EXPECT_THAT(answer, Not(HasSubstr("secret")));
    EXPECT_THAT(answer, Not(HasSubstr("stolen")));
  }
}

TEST(Server, TurnsAwayWhatIsAboveTheConnectionCap) {
  ServerLimits limits = short_limits();
  limits.connections = 2;
  const auto server = serve(echo, limits);
  Wire first{server->port()};
  Wire second{server->port()};
  for (Wire* wire : {&first, &second}) {
    wire->send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_THAT(wire->read_until("]"), StartsWith("HTTP/1.1 200 "));
  }
  Wire third{server->port()};
  EXPECT_THAT(third.read_all(), StartsWith("HTTP/1.1 503 "));
  second.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  second.read_all();
  std::string answer;
  for (int attempt = 0; attempt < 50 && !answer.starts_with("HTTP/1.1 200 "); ++attempt) {
    Wire fourth{server->port()};
    fourth.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    answer = fourth.read_all();
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

TEST(Server, ServesOthersWhileManyStall) {
  const auto server = serve(echo);
  std::vector<std::unique_ptr<Wire>> stalled;
  for (int client = 0; client < 50; ++client) {
    stalled.push_back(std::make_unique<Wire>(server->port()));
    stalled.back()->send("GET / HT");
  }
  Wire wire{server->port()};
  wire.send("GET /still HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(wire.read_all(), EndsWith("GET /still? []"));
}

TEST(Server, RunsHandlersOnSeveralThreads) {
  ServerLimits limits = short_limits();
  limits.threads = 2;
  std::promise<void> second_came;
  auto came = second_came.get_future().share();
  const auto server = serve(
      [&](const Request& request) {
        if (request.path == "/second") second_came.set_value();
        return text(came.wait_for(5s) == std::future_status::ready ? "met" : "alone");
      },
      limits);
  Wire first{server->port()};
  first.send("GET /first HTTP/1.1\r\nConnection: close\r\n\r\n");
  Wire second{server->port()};
  second.send("GET /second HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(body_of(first.read_all()), "met");
  EXPECT_EQ(body_of(second.read_all()), "met");
}

TEST(Server, StopsAfterTheRunningRequestAndFreesItsPort) {
  std::promise<void> entered;
  auto server = serve([&](const Request& request) {
    entered.set_value();
    std::this_thread::sleep_for(300ms);
    return echo(request);
  });
  const std::uint16_t port = server->port();
  Wire idle{port};
  Wire busy{port};
  busy.send("GET /last HTTP/1.1\r\n\r\n");
  entered.get_future().wait();
  const auto start = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1500ms);
  const std::string answer = busy.read_all();
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("GET /last? []"));
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_TRUE(idle.closed());
  EXPECT_FALSE(Wire{port}.connected());
  EXPECT_TRUE(Server::listen("127.0.0.1", port, echo));
}

TEST(Server, StopsWithinItsTimeWhenAStreamNeverEnds) {
  auto server = serve([](const Request&) {
    Response response;
    response.stream = [](std::string& chunk) {
      chunk = "tick";
      std::this_thread::sleep_for(10ms);
      return true;
    };
    return response;
  });
  Wire wire{server->port()};
  wire.send("GET / HTTP/1.1\r\n\r\n");
  wire.read_until("tick");
  const auto start = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 4s);
}

/// Counts a body without keeping it, and wants no more than `most` bytes.
class Counter : public BodyReceiver {
 public:
  explicit Counter(std::size_t most) : most_(most) {}
  bool take(std::string_view bytes) override {
    total_ += bytes.size();
    largest_ = std::max(largest_, bytes.size());
    return total_ <= most_;
  }
  Response finish() override {
    Response response;
    response.status = total_ <= most_ ? 201 : 413;
    response.body = std::to_string(total_ <= most_ ? total_ : most_) + (largest_ <= 65536 ? " in parts" : " at once");
    return response;
  }

 private:
  const std::size_t most_;
  std::size_t total_ = 0, largest_ = 0;
};

std::unique_ptr<Server> serve_uploads() {
  const auto receiver = [](const Request& head) -> std::unique_ptr<BodyReceiver> {
    if (head.method != "PUT") return nullptr;
    if (head.path == "/broken") throw std::runtime_error{"no room"};
    return std::make_unique<Counter>(std::stoul(std::string{head.header("x-most")}));
  };
  auto server = Server::listen("127.0.0.1", 0, echo, short_limits(), receiver);
  EXPECT_TRUE(server) << server.error().message;
  return *std::move(server);
}

TEST(Server, HandsALargeBodyOverInPartsAndGoesOnWithTheConnection) {
  const auto server = serve_uploads();
  Wire wire{server->port()};
  const std::string body(10'000'000, 'x');
  wire.send("PUT / HTTP/1.1\r\nX-Most: 20000000\r\nContent-Length: 10000000\r\n\r\n" + body);
  EXPECT_THAT(wire.read_until("parts"), EndsWith("10000000 in parts"));
  wire.send("PUT / HTTP/1.1\r\nX-Most: 20\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(wire.read_until("parts"), EndsWith("5 in parts"));
  wire.send("POST /two HTTP/1.1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
  EXPECT_THAT(wire.read_all(), EndsWith("POST /two? [hello]"));
}

TEST(Server, EndsTheConnectionWhenTheReceiverWantsNoMore) {
  const auto server = serve_uploads();
  Wire wire{server->port()};
  wire.send("PUT / HTTP/1.1\r\nX-Most: 70000\r\nContent-Length: 10000000\r\n\r\n" + std::string(200'000, 'x'));
  const std::string answer = wire.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("70000 in parts"));
}

TEST(Server, StillLimitsTheBodiesThatNoReceiverTakes) {
  const auto server = serve_uploads();
  Wire length{server->port()};
  length.send("POST / HTTP/1.1\r\nContent-Length: 100001\r\n\r\n");
  EXPECT_THAT(length.read_all(), StartsWith("HTTP/1.1 413 "));
  Wire chunked{server->port()};
  chunked.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n");
  EXPECT_THAT(chunked.read_all(), StartsWith("HTTP/1.1 413 "));
  Wire broken{server->port()};
  broken.send("PUT /broken HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  const std::string answer = broken.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, Not(HasSubstr("no room")));
}

TEST(Server, DropsTheReceiverOfAClientThatGoesAway) {
  std::promise<void> dropped;
  class Witness : public Counter {
   public:
    explicit Witness(std::promise<void>& dropped) : Counter(1000), dropped_(dropped) {}
    ~Witness() override { dropped_.set_value(); }
    Response finish() override {
      ADD_FAILURE() << "a body that broke off is not a body";
      return {};
    }

   private:
    std::promise<void>& dropped_;
  };
  const auto server = Server::listen("127.0.0.1", 0, echo, short_limits(),
                                     [&](const Request&) { return std::make_unique<Witness>(dropped); });
  ASSERT_TRUE(server);
  {
    Wire wire{(*server)->port()};
    wire.send("PUT / HTTP/1.1\r\nContent-Length: 500\r\n\r\nhalf");
  }
  EXPECT_EQ(dropped.get_future().wait_for(10s), std::future_status::ready);
}

TEST(Server, SaysWhyItCannotListen) {
  const auto server = serve(echo);
  const auto taken = Server::listen("127.0.0.1", server->port(), echo);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, base::ErrorKind::settings);
  EXPECT_THAT(taken.error().message, HasSubstr("127.0.0.1:" + std::to_string(server->port())));
  const auto unknown = Server::listen("no.such.address.invalid", 0, echo);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, base::ErrorKind::settings);
}

}  // namespace
}  // namespace http
