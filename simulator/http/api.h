#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "http/message.h"
#include "simulator/org/faults.h"
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
  /// Before the first request. The message says what is wrong with the rules.
  std::optional<std::string> set_faults(std::string_view rules) { return faults_.set(rules); }

 private:
  struct Reply {
    int status = 200;
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
  };
  http::Response answer(const http::Request&);
  /// All living records of an object as NDJSON, in the order of their stamps.
  http::Response dump(const Object& object);
  Reply sign_in(const http::Request&);
  Reply identity() const;
  Reply control(const http::Request&);
  Reply data(const std::string& method, std::string_view path, std::string_view query, const std::string& body,
             const std::map<std::string, std::string, std::less<>>& headers, bool nested);
  Reply delete_collection(std::string_view query);
  Reply row(const std::string& method, const std::vector<std::string>& path, std::string_view query,
            const std::string& body,
            const std::map<std::string, std::string, std::less<>>& headers);
  Reply collection(const std::string& method, const std::vector<std::string>& path, const std::string& body);
  Reply composite(const std::string& body);
  Reply subrequest(const boost::json::object& sub,
                   const std::function<bool(std::string&, boost::json::value&, std::string&)>& resolve);
  bool is_signed_in(const http::Request&) const;

  Org& org_;
  const ApiOptions options_;
  std::mutex mutex_;
  std::map<std::string, base::Utc> tokens_;  ///< Access token → when it expires.
  std::int64_t issued_ = 0, used_ = 0;
  std::string root_;                         ///< "/services/data/v62.0" of the request at hand.
  std::string base_url_;
  Faults faults_;
  Misfortune misfortune_;  ///< Of the request at hand.
};

}  // namespace simulator
