#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

#include "simulator/http/api.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::size_t most_subrequests = 25, most_queries = 5;

std::string error_text(std::string_view code, std::string_view message) {
  return json::serialize(json::array{{{"errorCode", code}, {"message", message}}});
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string{value->as_string()} : std::string{};
}

/// The value behind "records[0].Id" in an answer; null when there is none. Letter case counts.
const json::value* value_at(const json::value& answer, std::string_view path) {
  const json::value* at = &answer;
  while (!path.empty()) {
    const auto end = path.find('.');
    auto step = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    const auto bracket = step.find('[');
    if (const auto name = step.substr(0, bracket); !name.empty()) {
      at = at->is_object() ? at->as_object().if_contains(json::string_view{name.data(), name.size()}) : nullptr;
      if (!at) return nullptr;
    }
    if (bracket != std::string_view::npos) {
      const std::size_t index = std::strtoul(std::string{step.substr(bracket + 1)}.c_str(), nullptr, 10);
      if (!at->is_array() || index >= at->as_array().size()) return nullptr;
      at = &at->as_array()[index];
    }
  }
  return at;
}

/// Puts the values of earlier answers in the place of "@{reference.path}".
class References {
 public:
  void keep(std::string reference, int status, const std::string& body) {
    if (status >= 300) return;
    answers_.emplace(std::move(reference), body);
  }

  /// False when a reference has no value; `missing` then names it.
  bool resolve(std::string& text, std::string& missing) {
    std::size_t from = 0;
    while ((from = text.find("@{", from)) != std::string::npos) {
      const auto end = text.find('}', from);
      if (end == std::string::npos) return true;
      const std::string inner = text.substr(from + 2, end - from - 2);
      const auto dot = inner.find_first_of(".[");
      const auto answer = answers_.find(inner.substr(0, dot));
      const json::value* value = nullptr;
      if (answer != answers_.end() && dot != std::string::npos)
        value = value_at(parsed(answer->first, answer->second), std::string_view{inner}.substr(inner[dot] == '.' ? dot + 1 : dot));
      if (!value || value->is_null()) {
        missing = inner;
        return false;
      }
      const std::string put = value->is_string() ? std::string{value->as_string()} : json::serialize(*value);
      text.replace(from, end - from + 1, put);
      from += put.size();
    }
    return true;
  }

  bool resolve(json::value& value, std::string& missing) {
    if (value.is_string()) {
      std::string text{value.as_string()};
      if (!resolve(text, missing)) return false;
      value = text;
    } else if (value.is_array()) {
      for (json::value& one : value.as_array())
        if (!resolve(one, missing)) return false;
    } else if (value.is_object()) {
      for (auto& member : value.as_object())
        if (!resolve(member.value(), missing)) return false;
    }
    return true;
  }

 private:
  const json::value& parsed(const std::string& reference, const std::string& body) {
    auto [at, is_new] = parsed_.try_emplace(reference);
    boost::system::error_code ignored;
    if (is_new) at->second = json::parse(body, ignored);
    return at->second;
  }

  std::map<std::string, std::string> answers_;
  std::map<std::string, json::value> parsed_;
};

}  // namespace

Api::Reply Api::composite(const std::string& body) {
  boost::system::error_code error;
  const json::value document = json::parse(body, error);
  const json::object* request = error ? nullptr : document.if_object();
  const json::value* subrequests = request ? request->if_contains("compositeRequest") : nullptr;
  if (!subrequests || !subrequests->is_array())
    return {400, error_text("JSON_PARSER_ERROR", "The request body is no JSON object of the expected form")};
  if (subrequests->as_array().size() > most_subrequests)
    return {400, error_text("LIMIT_EXCEEDED", "The limit of 25 subrequests was exceeded")};
  std::size_t queries = 0;
  for (const json::value& entry : subrequests->as_array()) {
    if (!entry.is_object())
      return {400, error_text("JSON_PARSER_ERROR", "The request body is no JSON object of the expected form")};
    const std::string url = text_at(entry.as_object(), "url");
    if (url.contains("/query") || url.contains("/composite/sobjects")) ++queries;
  }
  if (queries > most_queries)
    return {400, error_text("LIMIT_EXCEEDED", "The limit of 5 query and collections subrequests was exceeded")};
  const json::value* wants_all = request->if_contains("allOrNone");
  const bool all_or_none = wants_all && wants_all->is_bool() && wants_all->as_bool();

  References references;
  std::vector<Reply> replies;
  bool failed = false;
  const Reply rolled_back{400, error_text("PROCESSING_HALTED", "The transaction was rolled back since another operation in the same "
                                                               "transaction failed.")};
  {
    Org::Transaction transaction{org_};
    for (const json::value& entry : subrequests->as_array()) {
      const json::object& sub = entry.as_object();
      if (failed && all_or_none) {
        replies.push_back(rolled_back);
        continue;
      }
      replies.push_back(subrequest(sub, [&](std::string& url, json::value& inner, std::string& missing) {
        return references.resolve(url, missing) && references.resolve(inner, missing);
      }));
      failed = failed || replies.back().status >= 400;
      references.keep(text_at(sub, "referenceId"), replies.back().status, replies.back().body);
    }
    if (!(failed && all_or_none)) transaction.commit();
  }
  if (failed && all_or_none)
    for (Reply& reply : replies)
      if (reply.status < 400) reply = rolled_back;

  // Answers are spliced as text: a page of a query is large, and was JSON already.
  std::string out = R"({"compositeResponse":[)";
  for (std::size_t at = 0; at < replies.size(); ++at) {
    const Reply& reply = replies[at];
    json::object headers;
    for (const auto& [name, value] : reply.headers) headers[name] = value;
    if (at > 0) out += ',';
    out += R"({"body":)" + (reply.body.empty() ? "null" : reply.body) + R"(,"httpHeaders":)" + json::serialize(headers) +
           R"(,"httpStatusCode":)" + std::to_string(reply.status) + R"(,"referenceId":)" +
           json::serialize(json::value(text_at(subrequests->as_array()[at].as_object(), "referenceId"))) + "}";
  }
  return {200, out + "]}"};
}

Api::Reply Api::subrequest(const json::object& sub,
                           const std::function<bool(std::string&, json::value&, std::string&)>& resolve) {
  std::string url = text_at(sub, "url");
  const json::value* given = sub.if_contains("body");
  json::value inner = given ? *given : json::value{};
  if (std::string missing; !resolve(url, inner, missing))
    return {400, error_text("PROCESSING_HALTED", "Invalid reference specified. No value for " + missing + " found in " +
                                                     missing.substr(0, missing.find('.')))};
  std::map<std::string, std::string, std::less<>> headers;
  if (const json::value* named = sub.if_contains("httpHeaders"); named && named->is_object())
    for (const auto& [key, value] : named->as_object()) {
      std::string name{key};
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (value.is_string()) headers[name] = std::string{value.as_string()};
    }
  const auto mark = url.find('?');
  return data(text_at(sub, "method"), url.substr(0, mark),
              mark == std::string::npos ? std::string_view{} : std::string_view{url}.substr(mark + 1),
              given ? json::serialize(inner) : std::string{}, headers, true);
}

}  // namespace simulator
