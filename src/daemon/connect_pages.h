#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "daemon/connect.h"
#include "http/message.h"

namespace daemon_process {

/// The two addresses by which a browser connects an org:
///   GET /api/integrations/salesforce/connect?workspace=…&login_url=…  sends it to Salesforce (administrators only),
///   GET /api/integrations/salesforce/callback                         takes it back, without a sign-in.
///
/// The callback believes an answer only if its `state` is one that was given out within 15 minutes, to this very
/// browser (a cookie says so), and not used yet. `login_url` must be Salesforce's: our client secret goes there. What
/// is pending lives in memory. May be used from several threads; the App is borrowed, and its store is not touched.
class ConnectPages {
 public:
  explicit ConnectPages(const App& app) : app_(app) {}

  static bool serves(std::string_view path);
  static bool needs_sign_in(std::string_view path) { return path != callback_path; }

  http::Response answer(const http::Request& request, bool may_connect);

 private:
  struct Pending {
    ConnectDraft draft;
    salesforce::Consent consent;
    std::string browser;  ///< What its cookie says.
    std::chrono::nanoseconds until;
  };
  http::Response begin(const http::Request& request);
  http::Response finish(const http::Request& request);
  base::Result<core::Integration> connected(Pending pending, const salesforce::CameBack& came);
  std::optional<Pending> take(const std::string& state, std::string_view browser);

  const App& app_;
  std::mutex mutex_;
  std::map<std::string, Pending> pending_;  ///< By state.
};

}  // namespace daemon_process
