#include "salesforce/curl_transport.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

#include "gzip/gzip.h"
#include "salesforce/origin.h"
#include "salesforce/transport.h"

namespace salesforce {
namespace {

using base::ErrorKind;

constexpr std::size_t most_header_bytes = 256 * 1024;

/// What happened on the wire during one exchange.
struct Exchange {
  enum class Broken { no, too_large, no_first_byte, stalled, stopped, refused };

  const base::Clock* clock;
  const Deadlines* deadlines;
  const std::stop_token* stop;
  const std::atomic<bool>* stopping;  ///< May be null.
  BodySink* sink;
  Answer answer;
  bool sinking = false;  ///< The sink has begun.
  std::size_t request_bytes = 0;
  std::size_t header_bytes = 0;
  curl_off_t sent = -1, received = -1;
  std::chrono::nanoseconds moved_at{};
  bool answering = false;
  Broken broken = Broken::no;
};

/// True if the body is the sink's.
bool begin_sink(Exchange& exchange) {
  const bool is_success = exchange.answer.status >= 200 && exchange.answer.status < 300;
  if (exchange.sink == nullptr || !is_success) return false;
  if (!exchange.sinking) exchange.sink->begin(exchange.answer);
  return exchange.sinking = true;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  const std::size_t bytes = size * count;
  if (begin_sink(exchange)) {
    if (exchange.sink->take({data, bytes})) return bytes;
    exchange.broken = Exchange::Broken::refused;
    return 0;
  }
  std::string& body = exchange.answer.body;
  if (bytes > exchange.deadlines->answer_bytes - body.size()) {
    exchange.broken = Exchange::Broken::too_large;
    return 0;
  }
  if (body.capacity() < body.size() + bytes + body_padding)
    body.reserve(std::max(body.capacity() * 2, body.size() + bytes + body_padding));
  body.append(data, bytes);
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  std::string_view line{data, size * count};
  exchange.header_bytes += line.size();
  exchange.answering = true;
  exchange.moved_at = exchange.clock->elapsed();
  if (exchange.header_bytes > most_header_bytes) {
    exchange.broken = Exchange::Broken::too_large;
    return 0;
  }
  const std::size_t taken = line.size();
  if (line.starts_with("HTTP/")) {
    exchange.answer.headers.clear();  // an interim answer (1xx) went before
    if (const auto blank = line.find(' '); blank != std::string_view::npos)
      std::from_chars(line.data() + blank + 1, line.data() + line.size(), exchange.answer.status);
    return taken;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return taken;
  Header header{std::string{line.substr(0, colon)}, {}};
  std::ranges::transform(header.name, header.name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  line.remove_prefix(colon + 1);
  const auto first = line.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos) header.value = line.substr(first, line.find_last_not_of(" \t\r\n") - first + 1);
  exchange.answer.headers.push_back(std::move(header));
  return taken;
}

int on_progress(void* context, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  if (exchange.stop->stop_requested() || (exchange.stopping != nullptr && exchange.stopping->load())) {
    exchange.broken = Exchange::Broken::stopped;
    return 1;
  }
  const auto now = exchange.clock->elapsed();
  if (sent != exchange.sent || received != exchange.received) {
    exchange.sent = sent;
    exchange.received = received;
    exchange.moved_at = now;
    return 0;
  }
  const bool waiting = !exchange.answering && sent >= static_cast<curl_off_t>(exchange.request_bytes);
  if (now - exchange.moved_at > (waiting ? exchange.deadlines->first_byte : exchange.deadlines->stalled)) {
    exchange.broken = waiting ? Exchange::Broken::no_first_byte : Exchange::Broken::stalled;
    return 1;
  }
  return 0;
}

/// "acme.my.salesforce.com:443" without the path and without what may stand before an '@'.
std::string host_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  return std::string{url};
}

std::unexpected<base::Error> proxy_refuses(int status, const std::string& host) {
  if (status == 407)
    return base::failure(ErrorKind::unreachable,
                         "The proxy wants a user name and a password, or does not take those it got [HTTP 407]. Set "
                         "HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT, special characters percent-encoded; or name " +
                             host + " in NO_PROXY.");
  return base::failure(ErrorKind::unreachable, "The proxy does not let us through to " + host + " [HTTP " +
                                                   std::to_string(status) +
                                                   "]. Have it allow that host, or correct HTTPS_PROXY and NO_PROXY.");
}

std::unexpected<base::Error> explain(CURLcode code, const Exchange& exchange, bool got_out, const std::string& host) {
  using Broken = Exchange::Broken;
  const ErrorKind lost = got_out ? ErrorKind::unknown_fate : ErrorKind::unreachable;
  switch (exchange.broken) {
    case Broken::refused:
      return base::failure(ErrorKind::cancelled, "The answer of " + host + " was no longer wanted.");
    case Broken::stopped:
      return base::failure(ErrorKind::cancelled, "Stopped while " + host + " was being asked.");
    case Broken::too_large:
      return base::failure(got_out ? ErrorKind::unknown_fate : ErrorKind::malformed,
                           "The answer of " + host + " is larger than " +
                               std::to_string(exchange.deadlines->answer_bytes >> 20) +
                               " MB and was not read. Map fewer fields, or read fewer records at a time.");
    case Broken::no_first_byte:
      return base::failure(lost, host + " took the request and did not answer in time. It is asked again later.");
    case Broken::stalled:
      return base::failure(lost, "The connection to " + host + " stood still for too long. Check the network.");
    case Broken::no:
      break;
  }
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return base::failure(ErrorKind::settings, "\"" + host + "\" is no web address that can be called. " +
                                                    "Check the Salesforce login URL in the settings.");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return base::failure(ErrorKind::unreachable,
                           "The proxy's name was not found. Check HTTPS_PROXY and NO_PROXY in the environment.");
    case CURLE_COULDNT_RESOLVE_HOST:
      return base::failure(ErrorKind::unreachable, "The name " + host + " was not found. Check DNS and the login URL.");
    case CURLE_COULDNT_CONNECT:
      return base::failure(ErrorKind::unreachable,
                           "No connection to " + host + ". Check the network, the firewall and HTTPS_PROXY.");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return base::failure(ErrorKind::unreachable, "The TLS certificate of " + host + " could not be verified. " +
                                                       "Install the ca-certificates package, or name the "
                                                       "certificates to trust (those of a proxy that opens TLS "
                                                       "connections) in LOCKSTEP_SALESFORCE_CA_FILE.");
    case CURLE_SSL_CONNECT_ERROR:
      return base::failure(ErrorKind::unreachable, "The TLS handshake with " + host + " failed. Check HTTPS_PROXY.");
    case CURLE_OPERATION_TIMEDOUT:
      return base::failure(lost, got_out ? host + " did not finish its answer in time. It is asked again later."
                                         : "No connection to " + host + " in time. Check the network and HTTPS_PROXY.");
    default:
      return base::failure(lost, "The connection to " + host + " broke (" + curl_easy_strerror(code) +
                                     "). Check the network if it happens often.");
  }
}

struct HeaderList {
  curl_slist* list = nullptr;
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) {
    curl_slist* longer = curl_slist_append(list, line.c_str());
    CHECK(longer != nullptr);
    list = longer;
  }
};

}  // namespace

struct CurlTransport::Handle {
  const base::Clock& clock;
  Deadlines deadlines;
  std::stop_token stop;
  std::string ca_file;
  const std::atomic<bool>* stopping;
  CURL* curl;

  Handle(const base::Clock& the_clock, const Deadlines& the_deadlines, std::stop_token the_stop,
         std::string the_ca_file, const std::atomic<bool>* the_stopping)
      : clock(the_clock),
        deadlines(the_deadlines),
        stop(std::move(the_stop)),
        ca_file(std::move(the_ca_file)),
        stopping(the_stopping) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    CHECK(ready == CURLE_OK);
    curl = curl_easy_init();
    CHECK(curl != nullptr);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { curl_easy_cleanup(curl); }
};

CurlTransport::CurlTransport(const base::Clock& clock, Deadlines deadlines, std::stop_token stop, std::string ca_file,
                             const std::atomic<bool>* stopping)
    : handle_(std::make_unique<Handle>(clock, deadlines, std::move(stop), std::move(ca_file), stopping)) {}
CurlTransport::~CurlTransport() = default;

base::Result<Answer> CurlTransport::send(const Request& request) {
  CURL* const curl = handle_->curl;
  Exchange exchange{.clock = &handle_->clock,
                    .deadlines = &handle_->deadlines,
                    .stop = &handle_->stop,
                    .stopping = request.finish ? nullptr : handle_->stopping,
                    .sink = request.sink,
                    .answer = {}};
  exchange.request_bytes = request.body.size();
  exchange.moved_at = handle_->clock.elapsed();
  exchange.answer.body.reserve(body_padding);

  curl_easy_reset(curl);  // keeps connections
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  // There may be no TLS on the way to this very machine, so nothing leaves it.
  if (is_loopback(request.url)) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!handle_->ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, handle_->ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024);
  // What a sink takes is unpacked behind it, three times as fast as here.
  if (request.sink == nullptr) curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "lockstep/" LOCKSTEP_VERSION);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(handle_->deadlines.connect.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(handle_->deadlines.total.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  // CURLOPT_LOW_SPEED_TIME would also count the org's thinking time, which may be longer than a stall.
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);

  if (!request.body.empty() || request.method == "POST" || request.method == "PATCH") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  // On a connection that was used before, curl sends a request again by itself when the connection ends without an
  // answer, though the org may have done it.
  curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, request.once ? 1L : 0L);
  if (request.method != "GET") curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());

  HeaderList headers;
  for (const Header& header : request.headers) {
    if ((header.name + header.value).find_first_of("\r\n") != std::string::npos)
      return base::failure(ErrorKind::malformed, "The header " + header.name + " would hold a line break.");
    headers.add(header.name + ": " + header.value);
  }
  if (request.sink != nullptr) headers.add("Accept-Encoding: gzip");
  headers.add("Expect:");  // a large body would wait a second for a "100 Continue" that few servers send
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);

  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    curl_off_t ready_after = 0, uploaded = 0;
    curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &ready_after);
    curl_easy_getinfo(curl, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    long proxy_status = 0;
    curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (exchange.broken == Exchange::Broken::no && proxy_status >= 300)
      return proxy_refuses(static_cast<int>(proxy_status), host_of(request.url));
    const bool got_out = ready_after > 0 && uploaded >= static_cast<curl_off_t>(request.body.size());
    return explain(code, exchange, got_out, host_of(request.url));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  exchange.answer.status = static_cast<int>(status);
  if (status == 407) return proxy_refuses(407, host_of(request.url));
  if (begin_sink(exchange)) return std::move(exchange.answer);  // an empty body has to begin too
  if (request.sink != nullptr && exchange.answer.header("content-encoding") == "gzip") {
    ASSIGN_OR_RETURN(exchange.answer.body, gzip::unpacked(exchange.answer.body, handle_->deadlines.answer_bytes));
  }
  return std::move(exchange.answer);
}

}  // namespace salesforce
