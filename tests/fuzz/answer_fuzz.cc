// Any bytes as what Salesforce answers: a token, an error, a usage header, a description. The first byte chooses.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "salesforce/api_usage.h"
#include "salesforce/describe.h"
#include "salesforce/errors.h"
#include "salesforce/origin.h"
#include "salesforce/token_endpoint.h"

namespace {

using salesforce::Answer;

class OneAnswer final : public salesforce::Transport {
 public:
  explicit OneAnswer(Answer answer) : answer_(std::move(answer)) {}
  base::Result<Answer> send(const salesforce::Request&) override { return answer_; }

 private:
  const Answer answer_;
};

void as_token(int status, const std::string& body) {
  const base::SystemClock clock;
  OneAnswer transport{{status, {}, body}};
  salesforce::SessionSettings settings{.login_url = "https://acme.my.salesforce.com", .client_id = "id"};
  settings.client_secret = base::Secret{"a secret of ours"};
  const auto issued =
      salesforce::request_tokens(transport, settings, {salesforce::Grant::Kind::client_credentials}, clock);
  if (issued) {
    CHECK(!issued->credentials.access_token.empty());
    (void)salesforce::org_of(issued->identity_url);
    (void)salesforce::may_hold_org(issued->credentials.instance_url, false);
  } else {
    CHECK(!issued.error().message.contains("a secret of ours"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string body{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 6) {
    case 0: as_token(200, body); break;
    case 1: as_token(400, body); break;
    case 2: {
      const base::Error error = salesforce::error_from(Answer{400, {}, body}, {.what = "read Contact records"});
      CHECK(!error.message.empty() && error.message.size() < 2'000);
      break;
    }
    case 3: (void)salesforce::is_expired_session(Answer{401, {}, body}); break;
    case 4: {
      salesforce::ApiUsage usage;
      salesforce::read_usage(body, usage);
      CHECK(usage.used >= 0 && usage.most >= 0);
      break;
    }
    case 5: (void)salesforce::parse_describe(body); break;
  }
  return 0;
}
