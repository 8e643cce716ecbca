#pragma once

#include <map>
#include <mutex>
#include <string>

#include "http/message.h"
#include "simulator/org/org.h"

namespace simulator {

struct ApiOptions {
  std::string client_id = "sfsim-client";
  std::string client_secret = "sfsim-secret";
  std::string refresh_token = "sfsim-refresh";
  std::chrono::seconds token_lifetime{7200};
  std::int64_t daily_calls = 100'000;
};

/// Salesforce's OAuth and REST resources over an org, without sockets: a request in, an answer out.
/// May be called from several threads; requests take turns.
class Api {
 public:
  Api(Org& org, const ApiOptions& options) : org_(org), options_(options) {}
  http::Response handle(const http::Request& request);

 private:
  struct Reply {
    int status = 200;
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
  };
  Reply sign_in(const http::Request&);
  Reply identity() const;
  Reply control(const http::Request&);
  Reply data(const std::string& method, std::string_view path, std::string_view query, const std::string& body,
             const std::map<std::string, std::string, std::less<>>& headers, bool nested);
  Reply row(const std::string& method, const std::vector<std::string>& path, const std::string& body,
            const std::map<std::string, std::string, std::less<>>& headers);
  Reply collection(const std::string& method, const std::vector<std::string>& path, const std::string& body);
  Reply composite(const std::string& body);
  bool is_signed_in(const http::Request&) const;

  Org& org_;
  const ApiOptions options_;
  std::mutex mutex_;
  std::map<std::string, base::Utc> tokens_;  ///< Access token → when it expires.
  std::int64_t issued_ = 0, used_ = 0;
  std::string root_;                         ///< "/services/data/v62.0" of the request at hand.
  std::string base_url_;
};

}  // namespace simulator
