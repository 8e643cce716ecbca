#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"

namespace settings {

inline constexpr const char* default_public_url = "http://localhost:5000";

/// What the user configured. Every member is set by load(); the defaults stand in the table of settings.cc.
struct Settings {
  struct {
    std::string address;  ///< Of `listen`, without the brackets of an IPv6 address.
    std::uint16_t port;
    std::string public_url;  ///< Without a slash at the end.
  } server;
  struct {
    std::string url;
    std::string sqlite_path;  ///< What follows "sqlite:".
  } store;
  struct {
    std::string url;
    std::string name;
    std::string prefix;
    int concurrency;
    int keep_completed;
    int keep_failed;
    int lock_duration_ms;
    int stalled_interval_ms;
  } queue;
  struct {
    std::string schedule;  ///< Five cron fields; the default of new integrations.
    int history_days;      ///< How long lockstep_history is kept.
  } sync;
  struct {
    std::string login_url;  ///< Without a slash at the end.
    std::string client_id;
    std::string client_secret;
    std::string redirect_uri;     ///< Empty: derived from server.public_url.
    std::vector<std::string> allowed_domains;  ///< Where orgs may live; empty: Salesforce's own.
    std::string ca_file;          ///< Certificates to trust instead of the system's; empty: those.
    std::string api_version;      ///< "62.0"
    std::string pubsub_endpoint;  ///< "host:port"
    int api_budget_percent;       ///< Of the org's daily API requests.
  } salesforce;
  struct {
    std::string encryption_key;  ///< For security::KeyRing::parse; empty: a key file is used.
    std::string admin_password_hash;  ///< Argon2id; empty: the one that the first sign-in chose.
    std::string tokens;               ///< For signin::tokens_from; empty: none.
  } security;
  struct {
    base::LogLevel level;
    base::LogFormat format;
  } log;

  std::string file;  ///< The file that was read; empty when there was none.
};

using Environment = std::map<std::string, std::string, std::less<>>;
Environment process_environment();

/// Reads the settings: LOCKSTEP_<SECTION>_<KEY> wins over the names of the existing job's `.env`
/// (SALESFORCE_CLIENT_ID and the like), these over the file, the file over the defaults. A variable that is set but
/// empty counts as not set.
///
/// The file is `config_path`, else LOCKSTEP_CONFIG, and must then exist; else the first of `usual_paths` that
/// exists; else none.
///
/// Errors: `settings`, one line for each thing wrong in the file or the environment, with file and line or variable,
/// the key, its value unless it is secret, and what is allowed. Unknown keys and unknown LOCKSTEP_ variables are
/// errors: a misspelt setting that is ignored is found weeks later.
base::Result<Settings> load(const std::optional<std::string>& config_path, const Environment& environment,
                            const std::vector<std::string>& usual_paths = {"lockstep.toml",
                                                                           "/etc/lockstep/lockstep.toml"});

/// All keys with their defaults, variables and allowed values, for --help and the documents.
std::string describe_settings();

}  // namespace settings
