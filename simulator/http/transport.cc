#include "simulator/http/transport.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "gzip/gzip.h"

namespace simulator {
namespace {

constexpr std::int64_t first_bytes_of_stream = 1'000;
using Stream = std::function<bool(std::string& chunk)>;

std::string_view content_type(const http::Response& response) {
  for (const auto& [name, value] : response.headers)
    if (name == "Content-Type") return value;
  return {};
}

/// The whole body; streams with nothing to say yet are asked again at once.
void collect(http::Response& response) {
  if (!response.stream) return;
  response.body.clear();
  for (bool more = true; more;) {
    std::string chunk;
    more = response.stream(chunk);
    response.body += chunk;
  }
  response.stream = nullptr;
}

Stream as_stream(http::Response& response) {
  if (response.stream) return std::move(response.stream);
  return [body = std::move(response.body)](std::string& chunk) mutable {
    chunk = std::move(body);
    return false;
  };
}

/// In the middle of a line behind the first, where there is one.
std::size_t inside_a_line(std::string_view csv) {
  std::size_t at = csv.size() / 2;
  while (at > 0 && (csv[at - 1] == '\n' || csv[at] == '\n' || csv[at] == '\r')) --at;
  return at;
}

void cut_connection(http::Response& response, std::int64_t at) {
  if (at < 0) at = response.stream ? first_bytes_of_stream : static_cast<std::int64_t>(response.body.size() / 2);
  response.stream = [inner = as_stream(response), left = static_cast<std::size_t>(at)](std::string& chunk) mutable {
    if (left == 0) throw std::runtime_error{"a fault of the simulator cut the connection"};
    inner(chunk);
    chunk.resize(std::min(chunk.size(), left));
    left -= chunk.size();
    return true;
  };
}

void slow_down(http::Response& response, std::int64_t bytes_per_second, const base::Clock& clock) {
  struct Drip {
    Stream inner;
    std::string waiting;
    bool more = true;
    std::int64_t sent = 0;
  };
  auto drip = std::make_shared<Drip>(as_stream(response));
  response.stream = [drip, bytes_per_second, &clock, start = clock.elapsed()](std::string& chunk) {
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(clock.elapsed() - start).count();
    const std::int64_t due = passed * bytes_per_second / 1'000 - drip->sent;
    if (due <= 0) return true;
    while (drip->more && drip->waiting.empty()) {
      drip->more = drip->inner(drip->waiting);
      if (drip->more && drip->waiting.empty()) return true;
    }
    chunk = drip->waiting.substr(0, static_cast<std::size_t>(due));
    drip->waiting.erase(0, chunk.size());
    drip->sent += static_cast<std::int64_t>(chunk.size());
    return drip->more || !drip->waiting.empty();
  };
}

}  // namespace

void befall(http::Response& response, const Misfortune& misfortune, bool client_accepts_gzip, const base::Clock& clock) {
  if (misfortune.cut_csv && content_type(response).starts_with("text/csv")) {
    collect(response);
    response.body.resize(inside_a_line(response.body));
  }
  if (misfortune.cut_gzip && client_accepts_gzip) {
    collect(response);
    response.body = gzip::packed(response.body);
    response.body.resize(response.body.size() / 2);
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
  if (misfortune.cut_body_at) cut_connection(response, *misfortune.cut_body_at);
  if (misfortune.bytes_per_second > 0) slow_down(response, misfortune.bytes_per_second, clock);
}

}  // namespace simulator
