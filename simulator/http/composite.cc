#include "simulator/http/composite.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <map>

#include "simulator/http/answers.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::size_t most_subrequests = 25, most_queries = 5;

ApiError halted(std::string message) { return {400, "PROCESSING_HALTED", std::move(message)}; }
const ApiError rolled_back =
    halted("The transaction was rolled back since another operation in the same transaction failed.");

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

Reply Composite::answer(const Call& call) {
  if (call.method != "POST") return refuse(not_found_error);
  boost::system::error_code error;
  const json::value document = json::parse(call.body, error);
  const json::object* request = error ? nullptr : document.if_object();
  const json::value* subrequests = request ? request->if_contains("compositeRequest") : nullptr;
  if (!subrequests || !subrequests->is_array()) return refuse(bad_json_error);
  if (const auto wrong = check(subrequests->as_array())) return refuse(*wrong);

  const bool all_or_none = is_set(*request, "allOrNone");
  References references;
  std::vector<Reply> replies;
  bool failed = false;
  {
    Org::Transaction transaction{org_};
    for (const json::value& entry : subrequests->as_array()) {
      const json::object& sub = entry.as_object();
      if (failed && all_or_none) {
        replies.push_back(refuse(rolled_back));
        continue;
      }
      replies.push_back(subrequest(call, sub, [&](std::string& url, json::value& inner, std::string& missing) {
        return references.resolve(url, missing) && references.resolve(inner, missing);
      }));
      failed = failed || replies.back().status >= 400;
      references.keep(text_at(sub, "referenceId"), replies.back().status, replies.back().body);
    }
    if (!(failed && all_or_none)) transaction.commit();
  }
  if (failed && all_or_none)
    for (Reply& reply : replies)
      if (reply.status < 400) reply = refuse(rolled_back);
  return {200, R"({"compositeResponse":[)" + joined(subrequests->as_array(), replies) + "]}"};
}

std::optional<ApiError> Composite::check(const json::array& subrequests) {
  if (subrequests.size() > most_subrequests)
    return ApiError{400, "LIMIT_EXCEEDED", "The limit of 25 subrequests was exceeded"};
  std::size_t queries = 0;
  for (const json::value& entry : subrequests) {
    if (!entry.is_object()) return bad_json_error;
    const std::string url = text_at(entry.as_object(), "url");
    if (url.contains("/query") || url.contains("/composite/sobjects")) ++queries;
  }
  if (queries > most_queries)
    return ApiError{400, "LIMIT_EXCEEDED", "The limit of 5 query and collections subrequests was exceeded"};
  return std::nullopt;
}

std::string Composite::joined(const json::array& subrequests, const std::vector<Reply>& replies) {
  // Answers are spliced as text: a page of a query is large, and was JSON already.
  std::string out;
  for (std::size_t at = 0; at < replies.size(); ++at) {
    const Reply& reply = replies[at];
    json::object headers;
    for (const auto& [name, value] : reply.headers) headers[name] = value;
    if (at > 0) out += ',';
    out += R"({"body":)" + (reply.body.empty() ? "null" : reply.body) + R"(,"httpHeaders":)" + json::serialize(headers) +
           R"(,"httpStatusCode":)" + std::to_string(reply.status) + R"(,"referenceId":)" +
           json::serialize(json::value(text_at(subrequests[at].as_object(), "referenceId"))) + "}";
  }
  return out;
}

Reply Composite::subrequest(const Call& call, const json::object& sub,
                            const std::function<bool(std::string&, json::value&, std::string&)>& resolve) {
  std::string url = text_at(sub, "url");
  const json::value* given = sub.if_contains("body");
  json::value inner = given ? *given : json::value{};
  if (std::string missing; !resolve(url, inner, missing))
    return refuse(halted("Invalid reference specified. No value for " + missing + " found in " +
                         missing.substr(0, missing.find('.'))));
  const auto mark = url.find('?');
  auto part = parse_data_path(std::string_view{url}.substr(0, mark));
  Resource* resource = part ? router_.find(part->path) : nullptr;
  if (!resource || !resource->may_be_nested()) return refuse(not_found_error);
  if (const json::value* named = sub.if_contains("httpHeaders"); named && named->is_object())
    for (const auto& [key, value] : named->as_object()) {
      std::string name{key};
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (value.is_string()) part->headers[name] = std::string{value.as_string()};
    }
  part->method = text_at(sub, "method");
  if (mark != std::string::npos) part->query = url.substr(mark + 1);
  if (given) part->body = json::serialize(inner);
  part->nested = true;
  part->caller = call.caller;
  part->misfortune = call.misfortune;
  part->faults = call.faults;
  return resource->answer(*part);
}

}  // namespace simulator
