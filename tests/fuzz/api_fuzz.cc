// Any bytes as a request to the simulator's API. The first line is "METHOD target content-type", the rest the body. It
// is answered, whatever it says, with a status and a body that can be read.

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "simulator/http/api.h"

namespace {

namespace json = boost::json;

constexpr int inputs_per_org = 500;

struct Site {
  base::ManualClock clock{base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 1 / 31}}};
  simulator::Org org{clock, {.sample = {.contacts = 50}, .schema = {}}};
  simulator::Api api{org, options()};
  std::string authorization = "Bearer " + token();

  static simulator::ApiOptions options() {
    simulator::ApiOptions all;
    all.auth.seed = 1;
    all.sleep = [](std::chrono::milliseconds) {};
    all.daily_calls = 1'000'000;
    return all;
  }
  std::string token() {
    const auto answer = api.handle({"POST", "/services/oauth2/token", "", {},
                                    "grant_type=client_credentials&client_id=sfsim-client&client_secret=sfsim-secret"});
    return std::string{json::parse(answer.body).at("access_token").as_string()};
  }
};

std::string_view take_word(std::string_view& line) {
  const auto end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

http::Request request_in(std::string_view bytes) {
  const auto end = bytes.find('\n');
  std::string_view line = bytes.substr(0, end);
  http::Request request;
  request.method = take_word(line);
  const std::string_view target = take_word(line);
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  request.headers = {{"content-type", std::string{line}}, {"host", "org.test"}};
  if (end != std::string_view::npos) request.body = bytes.substr(end + 1);
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<Site> site;
  static int inputs = 0;
  if (inputs++ % inputs_per_org == 0) site = std::make_unique<Site>();
  http::Request request = request_in({reinterpret_cast<const char*>(data), size});
  request.headers["authorization"] = site->authorization;

  http::Response response;
  if (const auto receiver = request.body.empty() ? nullptr : site->api.receive(request)) {
    receiver->take(request.body);
    response = receiver->finish();
  } else {
    response = site->api.handle(request);
  }
  CHECK(response.close_without_answer || (response.status >= 200 && response.status < 600));
  for (bool more = response.stream != nullptr; more;) {
    std::string chunk;
    try {
      more = response.stream(chunk);
    } catch (const std::exception&) {
      break;  // A fault that was set cuts the answer.
    }
    more = more && !chunk.empty();  // A slow answer has nothing yet.
  }
  for (const auto& [name, value] : response.headers) {
    CHECK(value.find_first_of("\r\n") == std::string::npos);
    if (name != "Content-Type" || response.stream || response.body.empty() || !value.starts_with("application/json")) continue;
    boost::system::error_code error;
    json::parse(response.body, error);
    CHECK(!error);
  }
  return 0;
}
