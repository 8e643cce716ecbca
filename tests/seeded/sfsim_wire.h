#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "salesforce/auth.h"
#include "salesforce/transport.h"
#include "simulator/http/api.h"

namespace seeded {

/// From the client to the simulator without a socket.
class SfsimWire final : public salesforce::Transport {
 public:
  explicit SfsimWire(simulator::Api& api) : api_(api) {}

  std::size_t limit_hits = 0;  ///< Answers that said that the day's calls are used up.

  base::Result<salesforce::Answer> send(const salesforce::Request& request) override {
    ::http::Request in;
    in.method = request.method;
    std::string_view target{request.url};
    if (const auto scheme = target.find("://"); scheme != std::string_view::npos)
      target.remove_prefix(std::min(target.find('/', scheme + 3), target.size()));
    const auto question = target.find('?');
    in.path = target.substr(0, question);
    if (question != std::string_view::npos) in.query = target.substr(question + 1);
    in.headers["host"] = "localhost:1";
    for (const salesforce::Header& header : request.headers) {
      std::string name = header.name;
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      in.headers[name] = header.value;
    }
    in.body = request.body;
    ::http::Response out = api_.handle(in);
    salesforce::Answer answer{out.status, {}, std::move(out.body)};
    while (out.stream) {
      std::string chunk;
      const bool more = out.stream(chunk);
      answer.body += chunk;
      if (!more) break;
    }
    for (const auto& [name, value] : out.headers) {
      std::string lower = name;
      std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      answer.headers.push_back({lower, value});
    }
    if (request.sink != nullptr && out.status / 100 == 2) {
      request.sink->begin(answer);
      if (!request.sink->take(std::exchange(answer.body, {})))
        return base::failure(base::ErrorKind::cancelled, "the answer was broken off");
    }
    if (answer.body.contains("REQUEST_LIMIT_EXCEEDED")) ++limit_hits;
    if (out.close_without_answer) return base::failure(base::ErrorKind::unknown_fate, "the connection was cut");
    return answer;
  }

 private:
  simulator::Api& api_;
};

/// One connection's tokens, in memory.
class MemoryVault final : public salesforce::Vault {
 public:
  base::Result<salesforce::Credentials> load() override { return held_; }
  base::Result<void> save(const salesforce::Credentials& credentials) override {
    held_ = credentials;
    return {};
  }
  base::Result<std::unique_ptr<Turn>> take_turn() override { return std::make_unique<Turn>(); }
  base::Result<salesforce::Renewal> renewal() override { return renewal_; }
  base::Result<void> save(const salesforce::Renewal& renewal) override {
    renewal_ = renewal;
    return {};
  }
  std::string fingerprint(std::string_view secret) const override {
    return std::to_string(std::hash<std::string_view>{}(secret));
  }

 private:
  salesforce::Credentials held_;
  salesforce::Renewal renewal_;
};

}  // namespace seeded
