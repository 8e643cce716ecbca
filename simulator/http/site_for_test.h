#pragma once

#include <boost/json.hpp>
#include <string>

#include "simulator/http/api.h"

namespace simulator {

/// An org with its API and a clock that moves by hand, and a client that knows how to ask.
class Site {
 public:
  explicit Site(ApiOptions options = {})
      : clock(base::Utc{std::chrono::seconds{1'800'000'000}}),
        org(clock, {}),
        api(org, with_seed(std::move(options))) {}

  http::Response ask(std::string method, std::string target, std::string body = {},
                     std::map<std::string, std::string, std::less<>> headers = {}) {
    http::Request request{
        std::move(method), target.substr(0, target.find('?')), {}, std::move(headers), std::move(body)};
    if (const auto mark = target.find('?'); mark != std::string::npos) request.query = target.substr(mark + 1);
    request.headers.emplace("host", "org.test");
    return api.handle(request);
  }

  /// A call of a data resource with a session.
  http::Response call(std::string method, const std::string& resource, std::string body = {},
                      std::map<std::string, std::string, std::less<>> headers = {}) {
    headers.emplace("authorization", "Bearer " + session());
    if (!body.empty()) headers.emplace("content-type", "application/json");
    return ask(std::move(method), "/services/data/v62.0/" + resource, std::move(body), std::move(headers));
  }

  /// What the token endpoint answers to this form; the client's id is added.
  http::Response token(std::string form) {
    return ask("POST", "/services/oauth2/token", form + "&client_id=sfsim-client");
  }

  const std::string& session() {
    if (session_.empty())
      session_ = text(token("grant_type=client_credentials&client_secret=sfsim-secret"), "access_token");
    return session_;
  }
  void forget_session() { session_.clear(); }

  static boost::json::value json(const http::Response& response) { return boost::json::parse(response.body); }
  static std::string text(const http::Response& response, std::string_view key) {
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(response.body, error);
    const boost::json::value* found = error || !value.is_object() ? nullptr : value.as_object().if_contains(key);
    return found && found->is_string() ? std::string{found->as_string()} : std::string{};
  }
  /// The code of a refusal: "NOT_FOUND".
  static std::string code(const http::Response& response) {
    return std::string{json(response).at(0).at("errorCode").as_string()};
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }
  /// The whole body; `fails` tells whether it broke off.
  static std::string body(http::Response response, bool* fails = nullptr) {
    if (!response.stream) return response.body;
    std::string all;
    try {
      for (bool more = true; more;) {
        std::string chunk;
        more = response.stream(chunk);
        all += chunk;
      }
    } catch (const std::exception&) {
      if (fails) *fails = true;
    }
    return all;
  }

  base::ManualClock clock;
  Org org;
  Api api;

 private:
  static ApiOptions with_seed(ApiOptions options) {
    options.auth.seed = 1;
    return options;
  }
  std::string session_;
};

}  // namespace simulator
