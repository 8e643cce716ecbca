#include "settings/settings.h"

#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "base/nearest.h"
#include "queue/redis_address.h"

namespace settings {
namespace {

/// Why a value is not taken; empty when it is. `not_allowed` leaves the explanation to the key's `allowed`.
using Complaint = std::string;
const Complaint fine;
const Complaint not_allowed = "?";

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

std::optional<int> to_number(std::string_view text) {
  int number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Complaint read_number(std::string_view text, int least, int most, int& number) {
  const auto given = to_number(text);
  if (!given || *given < least || *given > most) return not_allowed;
  number = *given;
  return fine;
}

Complaint read_text(std::string_view text, std::string& to) {
  to = text;
  return fine;
}

struct Place {
  std::string host;  ///< Without brackets.
  std::uint16_t port = 0;
};

/// "host:port", "1.2.3.4:port" or "[::1]:port".
std::optional<Place> to_place(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const auto port = is_digits(text.substr(colon + 1)) ? to_number(text.substr(colon + 1)) : std::nullopt;
  if (!port || *port > 65535) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find_first_not_of("0123456789abcdefABCDEF:.") != host.npos) return std::nullopt;
  } else if (host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != host.npos) {
    return std::nullopt;
  }
  if (host.empty()) return std::nullopt;
  return Place{std::string{host}, static_cast<std::uint16_t>(*port)};
}

/// Names that cannot lead off this machine. A name that only begins like an address ("127.0.0.1.example.com") can.
bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") && std::count(host.begin(), host.end(), '.') == 3 &&
         host.find_first_not_of("0123456789.") == host.npos;
}

enum class PlainHttp { anywhere, on_loopback };

/// An http or https URL without user, query or fragment.
Complaint read_url(std::string_view text, PlainHttp plain, std::string& to) {
  const bool https = text.starts_with("https://");
  if (!https && !text.starts_with("http://")) return not_allowed;
  if (text.find_first_of(" \t\r\n?#@\\\"<>") != text.npos) return not_allowed;
  const std::string_view rest = text.substr(text.find("://") + 3);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const bool has_port = authority.rfind(':') != authority.npos && !authority.ends_with(']');
  const auto place = to_place(has_port ? std::string{authority} : std::string{authority} + ":0");
  if (!place) return not_allowed;
  if (!https && plain == PlainHttp::on_loopback && !is_loopback(place->host))
    return "http without TLS is for loopback addresses only; use https";
  to = text;
  return fine;
}

Complaint read_base_url(std::string_view text, PlainHttp plain, std::string& to) {
  auto complaint = read_url(text, plain, to);
  while (to.ends_with('/')) to.pop_back();
  return complaint;
}

Complaint read_listen(std::string_view text, std::string& address, std::uint16_t& port) {
  auto place = to_place(text);
  if (!place) return not_allowed;
  address = std::move(place->host);
  port = place->port;
  return fine;
}

Complaint not_built(std::string_view what, std::string_view instead) {
  return std::string{what} + " is not built into this version; use " + std::string{instead};
}

Complaint read_store(std::string_view text, std::string& url, std::string& path) {
  if (text.starts_with("postgresql:") || text.starts_with("postgres:")) return not_built("PostgreSQL", "sqlite:PATH");
  if (text.starts_with("mongodb:") || text.starts_with("mongodb+srv:")) return not_built("MongoDB", "sqlite:PATH");
  static constexpr std::string_view scheme = "sqlite:";
  if (!text.starts_with(scheme) || text.size() == scheme.size()) return not_allowed;
  url = text;
  path = text.substr(scheme.size());
  return fine;
}

Complaint read_queue(std::string_view text, std::string& url) {
  if (text != "embedded") {
    if (!text.starts_with("redis")) return not_allowed;
    if (const auto address = queue::RedisAddress::parse(text); !address) return address.error().message;
  }
  url = text;
  return fine;
}

/// Part of a Redis key, which colons divide.
Complaint read_key_part(std::string_view text, std::string& to) {
  if (text.find_first_of(": \t\r\n{}") != text.npos) return not_allowed;
  return read_text(text, to);
}

/// One of a cron field's elements: "*", "5", "1-5", each with "/2" behind it or not.
bool is_cron_element(std::string_view text, int least, int most) {
  const auto in_range = [&](std::string_view digits) -> std::optional<int> {
    const auto number = is_digits(digits) ? to_number(digits) : std::nullopt;
    return number && *number >= least && *number <= most ? number : std::nullopt;
  };
  const auto slash = text.find('/');
  if (slash != text.npos) {
    const auto step = is_digits(text.substr(slash + 1)) ? to_number(text.substr(slash + 1)) : std::nullopt;
    if (!step || *step < 1 || *step > most) return false;
    text = text.substr(0, slash);
  }
  if (text == "*") return true;
  const auto dash = text.find('-');
  const auto first = in_range(text.substr(0, dash));
  if (!first) return false;
  if (dash == text.npos) return true;
  const auto last = in_range(text.substr(dash + 1));
  return last && *first <= *last;
}

Complaint read_cron(std::string_view text, std::string& to) {
  static constexpr std::array<std::pair<int, int>, 5> ranges{{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}}};
  std::string_view rest = text;
  std::string tidy;
  for (const auto& [least, most] : ranges) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const std::string_view field = rest.substr(0, rest.find_first_of(" \t"));
    rest.remove_prefix(field.size());
    if (!tidy.empty()) tidy += ' ';
    tidy += field;
    std::optional<std::string_view> elements = field;
    while (elements) {
      const auto comma = elements->find(',');
      if (!is_cron_element(elements->substr(0, comma), least, most)) return not_allowed;
      elements = comma == elements->npos ? std::nullopt : std::optional{elements->substr(comma + 1)};
    }
  }
  if (rest.find_first_not_of(" \t") != rest.npos) return not_allowed;
  to = std::move(tidy);
  return fine;
}

/// Domains divided by commas, each with a dot inside.
Complaint read_domains(std::string_view text, std::vector<std::string>& to) {
  std::vector<std::string> domains;
  std::optional<std::string_view> rest = text;
  while (rest) {
    const auto comma = rest->find(',');
    std::string_view domain = rest->substr(0, comma);
    while (domain.starts_with(' ')) domain.remove_prefix(1);
    while (domain.ends_with(' ')) domain.remove_suffix(1);
    const auto dot = domain.find('.');
    if (dot == 0 || dot == domain.npos || domain.ends_with('.') ||
        domain.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") != domain.npos)
      return not_allowed;
    domains.emplace_back(domain);
    rest = comma == rest->npos ? std::nullopt : std::optional{rest->substr(comma + 1)};
  }
  to = std::move(domains);
  return fine;
}

Complaint read_file_name(std::string_view text, std::string& to) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(text, ignored)) return "there is no such file";
  return read_text(text, to);
}

Complaint read_api_version(std::string_view text, std::string& to) {
  if (text.size() != 4 || !is_digits(text.substr(0, 2)) || text[0] == '0' || text.substr(2) != ".0") return not_allowed;
  return read_text(text, to);
}

Complaint read_pubsub(std::string_view text, std::string& to) {
  const auto place = to_place(text);
  if (!place || place->port == 0) return not_allowed;
  return read_text(text, to);
}

/// Looks at the form only, so that the line can be named; the keys are made by `security`.
Complaint read_encryption_key(std::string_view text, std::string& to) {
  const auto is_key = [](std::string_view key) {
    while (key.size() > 32 && (key.front() == ' ' || key.front() == '\t')) key.remove_prefix(1);
    while (key.size() > 32 && (key.back() == ' ' || key.back() == '\t')) key.remove_suffix(1);
    if (key.size() == 64) return key.find_first_not_of("0123456789abcdefABCDEF") == key.npos;
    return key.size() == 32 || key.size() == 43 || (key.size() == 44 && key.ends_with('='));
  };
  if (text.size() != 32) {  // A list is longer, so the comma of such a text belongs to its only key.
    std::optional<std::string_view> keys = text;
    while (keys) {
      const auto comma = keys->find(',');
      if (!is_key(keys->substr(0, comma))) return not_allowed;
      keys = comma == keys->npos ? std::nullopt : std::optional{keys->substr(comma + 1)};
    }
  }
  return read_text(text, to);
}

template <class T, std::size_t size>
Complaint read_word(std::string_view text, const std::array<std::pair<std::string_view, T>, size>& words, T& to) {
  for (const auto& [word, value] : words) {
    if (text != word) continue;
    to = value;
    return fine;
  }
  return not_allowed;
}

constexpr std::array<std::pair<std::string_view, base::LogLevel>, 4> log_levels{{{"debug", base::LogLevel::debug},
                                                                                 {"info", base::LogLevel::info},
                                                                                 {"warn", base::LogLevel::warn},
                                                                                 {"error", base::LogLevel::error}}};
constexpr std::array<std::pair<std::string_view, base::LogFormat>, 2> log_formats{
    {{"text", base::LogFormat::text}, {"json", base::LogFormat::json}}};

enum class Type { text, number, text_or_list };
enum class Shown { yes, secret };

struct Key {
  std::string_view section;
  std::string_view name;
  Type type;
  std::string_view standard;  ///< As it would be written; empty: not set.
  std::string_view allowed;
  Complaint (*read)(std::string_view value, Settings& to);
  Shown shown = Shown::yes;
  std::string_view env_name_of_job = {};  ///< The variable of the existing job that means the same.
};

/// Every setting there is. Parsing, variables, errors and the description follow from this table.
constexpr Key keys[] = {
    {"server", "listen", Type::text, "127.0.0.1:5000", "address:port, such as 127.0.0.1:5000 or [::1]:5000",
     [](std::string_view v, Settings& s) { return read_listen(v, s.server.address, s.server.port); }},
    {"server", "public_url", Type::text, default_public_url,
     "the http or https URL under which people reach the dashboard",
     [](std::string_view v, Settings& s) { return read_base_url(v, PlainHttp::anywhere, s.server.public_url); }},
    {"store", "url", Type::text, "sqlite:lockstep.db", "sqlite:PATH",
     [](std::string_view v, Settings& s) { return read_store(v, s.store.url, s.store.sqlite_path); }},
    {"queue", "url", Type::text, "embedded",
     "embedded, or redis://[user:password@]host[:port][/database], rediss://, redis+sentinel://",
     [](std::string_view v, Settings& s) { return read_queue(v, s.queue.url); }},
    {"queue", "name", Type::text, "salesforce-sync", "a name without blanks, colons and braces",
     [](std::string_view v, Settings& s) { return read_key_part(v, s.queue.name); }},
    {"queue", "prefix", Type::text, "bull", "a name without blanks, colons and braces",
     [](std::string_view v, Settings& s) { return read_key_part(v, s.queue.prefix); }},
    {"queue", "concurrency", Type::number, "1", "1 to 256 jobs at a time",
     [](std::string_view v, Settings& s) { return read_number(v, 1, 256, s.queue.concurrency); }},
    {"queue", "keep_completed", Type::number, "20", "0 to 1000000 jobs",
     [](std::string_view v, Settings& s) { return read_number(v, 0, 1'000'000, s.queue.keep_completed); }},
    {"queue", "keep_failed", Type::number, "50", "0 to 1000000 jobs",
     [](std::string_view v, Settings& s) { return read_number(v, 0, 1'000'000, s.queue.keep_failed); }},
    {"queue", "lock_duration_ms", Type::number, "30000", "1000 to 3600000 milliseconds",
     [](std::string_view v, Settings& s) { return read_number(v, 1000, 3'600'000, s.queue.lock_duration_ms); }},
    {"queue", "stalled_interval_ms", Type::number, "30000", "1000 to 3600000 milliseconds",
     [](std::string_view v, Settings& s) { return read_number(v, 1000, 3'600'000, s.queue.stalled_interval_ms); }},
    {"sync", "schedule", Type::text, "*/15 * * * *",
     "five cron fields (minute hour day month weekday), each of numbers, *, a-b, a,b and /step",
     [](std::string_view v, Settings& s) { return read_cron(v, s.sync.schedule); }},
    {"sync", "history_days", Type::number, "90", "1 to 3650 days that `lockstep history` looks back",
     [](std::string_view v, Settings& s) { return read_number(v, 1, 3650, s.sync.history_days); }},
    {"salesforce", "login_url", Type::text, "https://login.salesforce.com",
     "an https URL, or http on a loopback address",
     [](std::string_view v, Settings& s) { return read_base_url(v, PlainHttp::on_loopback, s.salesforce.login_url); }},
    {"salesforce", "client_id", Type::text, "", "the consumer key of the connected app",
     [](std::string_view v, Settings& s) { return read_text(v, s.salesforce.client_id); }, Shown::yes,
     "SALESFORCE_CLIENT_ID"},
    {"salesforce", "client_secret", Type::text, "", "the consumer secret of the connected app",
     [](std::string_view v, Settings& s) { return read_text(v, s.salesforce.client_secret); }, Shown::secret,
     "SALESFORCE_CLIENT_SECRET"},
    {"salesforce", "redirect_uri", Type::text, "", "the app's callback: an https URL, or http on a loopback address",
     [](std::string_view v, Settings& s) { return read_url(v, PlainHttp::on_loopback, s.salesforce.redirect_uri); },
     Shown::yes, "SALESFORCE_REDIRECT_URI"},
    {"salesforce", "allowed_domains", Type::text_or_list, "",
     "domains under which orgs may live, such as salesforce.com or a list of them (unset: Salesforce's own)",
     [](std::string_view v, Settings& s) { return read_domains(v, s.salesforce.allowed_domains); }},
    {"salesforce", "ca_file", Type::text, "", "a file of certificates (PEM) to trust instead of the system's",
     [](std::string_view v, Settings& s) { return read_file_name(v, s.salesforce.ca_file); }},
    {"salesforce", "api_version", Type::text, "62.0", "a version in quotes, such as \"62.0\"",
     [](std::string_view v, Settings& s) { return read_api_version(v, s.salesforce.api_version); }},
    {"salesforce", "pubsub_endpoint", Type::text, "api.pubsub.salesforce.com:7443", "host:port (nothing uses it yet)",
     [](std::string_view v, Settings& s) { return read_pubsub(v, s.salesforce.pubsub_endpoint); }},
    {"salesforce", "api_budget_percent", Type::number, "50", "1 to 100 percent of the org's daily API requests",
     [](std::string_view v, Settings& s) { return read_number(v, 1, 100, s.salesforce.api_budget_percent); }},
    {"security", "encryption_key", Type::text_or_list, "",
     "a key of 32 bytes as 64 hex digits, as base64 or as 32 characters, or a list of keys, newest first",
     [](std::string_view v, Settings& s) { return read_encryption_key(v, s.security.encryption_key); }, Shown::secret,
     "ENCRYPTION_KEY"},
    {"security", "admin_password_hash", Type::text, "",
     "the Argon2id hash of the administrator's password",
     [](std::string_view v, Settings& s) { return read_text(v, s.security.admin_password_hash); }, Shown::secret},
    {"security", "tokens", Type::text_or_list, "",
     "ROLE:NAME:SHA256 or a list of them; viewer, operator or admin; the last by `printf %s TOKEN | sha256sum`",
     [](std::string_view v, Settings& s) { return read_text(v, s.security.tokens); }, Shown::secret},
    {"log", "level", Type::text, "info", "debug, info, warn or error",
     [](std::string_view v, Settings& s) { return read_word(v, log_levels, s.log.level); }},
    {"log", "format", Type::text, "text", "text or json",
     [](std::string_view v, Settings& s) { return read_word(v, log_formats, s.log.format); }},
};

constexpr std::string_view variable_prefix = "LOCKSTEP_";
constexpr std::string_view config_variable = "LOCKSTEP_CONFIG";

std::string full_name(const Key& key) {
  return std::string{key.section} + "." + std::string{key.name};
}

std::string variable_of(const Key& key) {
  std::string name = full_name(key);
  for (char& c : name) c = c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return std::string{variable_prefix} + name;
}

/// "; did you mean …?", or `otherwise` when nothing is near.
std::string suggestion(std::string_view given, const std::vector<std::string>& known, const std::string& otherwise) {
  const std::string* nearest = base::nearest(given, known);
  return nearest != nullptr ? "; did you mean " + *nearest + "?" : otherwise;
}

std::string join(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

/// A value for an error message. URLs may carry a password before their '@'.
std::string quoted(const Key& key, std::string_view value) {
  if (key.shown == Shown::secret) return " (value not shown)";
  std::string text{value};
  const auto scheme = text.find("://");
  const auto at = text.rfind('@');
  if (scheme != text.npos && at != text.npos && at > scheme) text.replace(scheme + 3, at - scheme - 3, "***");
  return key.type == Type::number ? " = " + text : " = \"" + text + "\"";
}

/// Gathers what is wrong, so that the user sees all of it at once.
class Loader {
 public:
  explicit Loader(const Environment& environment) : environment_(environment) {
    for (const Key& key : keys)
      if (!key.standard.empty()) CHECK(key.read(key.standard, settings_).empty());
  }

  base::Result<Settings> load(const std::optional<std::string>& config_path,
                              const std::vector<std::string>& usual_paths) {
    std::optional<std::string> demanded = config_path;
    if (!demanded) demanded = variable(config_variable);
    std::error_code ignored;
    if (demanded) {
      if (!std::filesystem::exists(*demanded, ignored))
        return base::failure(base::ErrorKind::settings, "the settings file " + *demanded + " does not exist");
      read_file(*demanded);
    } else {
      for (const std::string& path : usual_paths) {
        if (!std::filesystem::exists(path, ignored)) continue;
        read_file(path);
        break;
      }
    }
    read_environment();
    if (!wrong_.empty()) return base::failure(base::ErrorKind::settings, join(wrong_, "\n"));
    return std::move(settings_);
  }

 private:
  std::optional<std::string> variable(std::string_view name) const {
    const auto found = environment_.find(name);
    if (found == environment_.end() || found->second.empty()) return std::nullopt;
    return found->second;
  }

  void take(const Key& key, const std::string& where, const std::string& value) {
    Complaint complaint = key.read(value, settings_);
    if (complaint.empty()) return;
    if (complaint == not_allowed) complaint = "allowed: " + std::string{key.allowed};
    wrong_.push_back(where + ": " + full_name(key) + quoted(key, value) + ": " + complaint);
  }

  void read_file(const std::string& path) {
    settings_.file = path;
    // Not toml::parse_file: it asks a directory for its length and then for that much memory.
    std::error_code ignored;
    std::ifstream file{path, std::ios::binary};
    std::ostringstream content;
    if (std::filesystem::is_directory(path, ignored) || !file || (file.peek() != EOF && !(content << file.rdbuf()))) {
      wrong_.push_back(path + ": cannot be read as a file");
      return;
    }
    const toml::parse_result parsed = toml::parse(content.view(), path);
    if (!parsed) {
      const toml::parse_error& failed = parsed.error();
      const auto line = failed.source().begin.line;
      wrong_.push_back(path + (line > 0 ? ":" + std::to_string(line) : "") + ": " + std::string{failed.description()});
      return;
    }
    for (const auto& [name, node] : parsed.table()) read_section(path, std::string{name.str()}, name.source(), node);
  }

  static std::string place(const std::string& path, const toml::source_region& source) {
    return path + ":" + std::to_string(source.begin.line);
  }

  void read_section(const std::string& path, const std::string& section, const toml::source_region& source,
                    const toml::node& node) {
    std::vector<std::string> sections, names;
    for (const Key& key : keys) {
      if (sections.empty() || sections.back() != key.section) sections.emplace_back(key.section);
      if (key.section == section) names.push_back(full_name(key));
    }
    if (names.empty()) {
      wrong_.push_back(place(path, source) + ": unknown section " + section +
                       suggestion(section, sections, "; sections are " + join(sections, ", ")));
      return;
    }
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      wrong_.push_back(place(path, source) + ": " + section + " is a section: write [" + section +
                       "] and its keys below");
      return;
    }
    for (const auto& [name, value] : *table) {
      const std::string full = section + "." + std::string{name.str()};
      const auto key =
          std::find_if(std::begin(keys), std::end(keys), [&](const Key& k) { return full_name(k) == full; });
      if (key == std::end(keys)) {
        wrong_.push_back(place(path, name.source()) + ": unknown key " + full +
                         suggestion(full, names, "; keys of this section are " + join(names, ", ")));
      } else {
        read_node(*key, place(path, name.source()), value);
      }
    }
  }

  void read_node(const Key& key, const std::string& where, const toml::node& node) {
    if (key.type == Type::number) {
      // An integer beyond `int` is printed whole and refused by its reader.
      if (const auto* number = node.as_integer()) return take(key, where, std::to_string(number->get()));
    } else if (const auto* text = node.as_string()) {
      return take(key, where, text->get());
    } else if (const auto* list = node.as_array(); list != nullptr && key.type == Type::text_or_list) {
      std::vector<std::string> items;
      for (const toml::node& item : *list) {
        const auto* part = item.as_string();
        if (part == nullptr || part->get().empty() || part->get().find(',') != std::string::npos) break;
        items.push_back(part->get());
      }
      if (items.size() == list->size() && !items.empty()) return take(key, where, join(items, ","));
    }
    const std::string_view type = key.type == Type::number ? "a number"
                                  : key.type == Type::text ? "a text in quotes"
                                                           : "a text or a list of texts";
    wrong_.push_back(where + ": " + full_name(key) + " must be " + std::string{type} + ": " + std::string{key.allowed});
  }

  void read_environment() {
    std::vector<std::string> names{std::string{config_variable}};
    for (const Key& key : keys) {
      const std::string name = variable_of(key);
      names.push_back(name);
      if (const auto value = variable(name)) {
        take(key, name, *value);
      } else if (const auto old = key.env_name_of_job.empty() ? std::nullopt : variable(key.env_name_of_job)) {
        take(key, std::string{key.env_name_of_job}, *old);
      }
    }
    for (auto given = environment_.lower_bound(variable_prefix);
         given != environment_.end() && given->first.starts_with(variable_prefix); ++given)
      if (std::find(names.begin(), names.end(), given->first) == names.end())
        wrong_.push_back(given->first + ": unknown variable" +
                         suggestion(given->first, names, "; variables are named LOCKSTEP_<SECTION>_<KEY>"));
  }

  const Environment& environment_;
  Settings settings_{};
  std::vector<std::string> wrong_;
};

}  // namespace

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals != text.npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

base::Result<Settings> load(const std::optional<std::string>& config_path, const Environment& environment,
                            const std::vector<std::string>& usual_paths) {
  return Loader{environment}.load(config_path, usual_paths);
}

std::string describe_settings() {
  std::string text;
  std::string_view section;
  for (const Key& key : keys) {
    if (key.section != section) {
      section = key.section;
      text += (text.empty() ? "[" : "\n[") + std::string{section} + "]\n";
    }
    text += key.name;
    if (!key.standard.empty())
      text += key.type == Type::number ? " = " + std::string{key.standard} : " = \"" + std::string{key.standard} + "\"";
    text += "\n    " + std::string{key.allowed} + "\n    " + variable_of(key);
    if (!key.env_name_of_job.empty()) text += " or " + std::string{key.env_name_of_job};
    text += '\n';
  }
  return text;
}

}  // namespace settings
