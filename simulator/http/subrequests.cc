#include "simulator/http/subrequests.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdlib>
#include <set>

#include "simulator/http/answers.h"
#include "simulator/http/versions.h"
#include "simulator/org/text.h"

namespace simulator {

namespace json = boost::json;

const ApiError halted_error{400, "PROCESSING_HALTED",
                            "The transaction was rolled back since another operation in the same transaction failed."};

namespace {

/// The value behind "records[0].Id" in an answer; null when there is none. Letter case counts.
const json::value* value_at(const json::value& answer, std::string_view path) {
  const json::value* at = &answer;
  while (!path.empty()) {
    const auto end = path.find('.');
    auto step = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    const auto bracket = step.find('[');
    if (const auto name = step.substr(0, bracket); !name.empty()) {
      at = at->is_object() ? at->as_object().if_contains(name) : nullptr;
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

bool is_reference_id(std::string_view text) {
  return !text.empty() && text.front() != '_' &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

ApiError malformed(std::string message) {
  return {400, "INVALID_INPUT", std::move(message)};
}

}  // namespace

Outcome<NestedCall> nested_call(const Router& router, const Call& whole, std::string_view url) {
  const auto mark = url.find('?');
  auto call = parse_data_path(url.substr(0, mark));
  if (!call) return std::unexpected(not_found_error);
  if (auto gone = version_error(call->version)) return std::unexpected(*std::move(gone));
  Resource* resource = router.find(call->path);
  if (!resource || !resource->may_be_nested()) return std::unexpected(not_found_error);
  if (mark != std::string_view::npos) call->query = url.substr(mark + 1);
  call->nested = true;
  call->caller = whole.caller;
  call->misfortune = whole.misfortune;
  call->faults = whole.faults;
  return NestedCall{*std::move(call), resource};
}

std::vector<std::string> references_in(const json::object& part) {
  std::string text = text_at(part, "url");
  if (const json::value* body = part.if_contains("body")) text += json::serialize(*body);
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = text.find("@{", at)) != std::string::npos; ++at)
    out.push_back(text.substr(at + 2, text.find_first_of(".[}", at + 2) - at - 2));
  return out;
}

std::optional<ApiError> Subrequests::check(const json::array& parts) {
  std::set<std::string> ids;
  for (const json::value& entry : parts) {
    if (!entry.is_object()) return bad_json_error;
    const json::object& part = entry.as_object();
    const std::string id = text_at(part, "referenceId"), method = text_at(part, "method");
    if (!is_reference_id(id)) return malformed("Provided referenceId ('" + id + "') is missing or not valid");
    if (!ids.insert(id).second) return malformed("Duplicate ReferenceId provided in the request: " + id);
    static const std::set<std::string> methods{"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"};
    if (!methods.contains(method)) return malformed("Invalid method of " + id + ": '" + method + "'");
    if (text_at(part, "url").empty()) return malformed("Subrequest " + id + " has no url");
    const json::value* headers = part.if_contains("httpHeaders");
    if (!headers || !headers->is_object()) continue;
    for (const auto& [name, value] : headers->as_object())
      for (const std::string_view forbidden : {"Accept", "Authorization", "Content-Type"})
        if (same_name(name, forbidden))
          return malformed("Subrequest " + id + " must not set the header " + std::string{name});
  }
  return std::nullopt;
}

const json::value* Subrequests::answer_to(const std::string& reference) {
  const auto answer = answers_.find(reference);
  if (answer == answers_.end()) return nullptr;
  const auto [at, is_new] = parsed_.try_emplace(reference);
  boost::system::error_code ignored;
  if (is_new) at->second = json::parse(answer->second, ignored);
  return &at->second;
}

bool Subrequests::resolve(std::string& text, std::string& missing) {
  std::size_t from = 0;
  while ((from = text.find("@{", from)) != std::string::npos) {
    const auto end = text.find('}', from);
    if (end == std::string::npos) return true;
    const std::string inner = text.substr(from + 2, end - from - 2);
    const auto dot = inner.find_first_of(".[");
    const json::value* answer = dot == std::string::npos ? nullptr : answer_to(inner.substr(0, dot));
    const json::value* value =
        answer ? value_at(*answer, std::string_view{inner}.substr(inner[dot] == '.' ? dot + 1 : dot)) : nullptr;
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

bool Subrequests::resolve(json::value& value, std::string& missing) {
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

Reply Subrequests::run(const json::object& part) {
  std::string url = text_at(part, "url");
  const json::value* given = part.if_contains("body");
  json::value body = given ? *given : json::value{};
  if (std::string missing; !resolve(url, missing) || !resolve(body, missing))
    return refuse({400, "PROCESSING_HALTED",
                   "Invalid reference specified. No value for " + missing + " found in " +
                       missing.substr(0, missing.find_first_of(".["))});
  auto nested = nested_call(router_, whole_, url);
  if (!nested) return refuse(nested.error());
  Call& call = nested->call;
  for (const char* name : {"host", "x-forwarded-proto"})
    if (!whole_.header(name).empty()) call.headers[name] = std::string{whole_.header(name)};
  if (const json::value* named = part.if_contains("httpHeaders"); named && named->is_object())
    for (const auto& [key, value] : named->as_object())
      if (value.is_string()) call.headers[folded(key)] = std::string{value.as_string()};
  call.method = text_at(part, "method");
  if (given) call.body = json::serialize(body);
  Reply reply = nested->resource->answer(call);
  if (reply.status < 300) answers_.emplace(text_at(part, "referenceId"), reply.body);
  return reply;
}

std::string Subrequests::joined(const json::array& parts, const std::vector<Reply>& replies) {
  // Answers are spliced as text: a page of a query is large, and was JSON already.
  std::string out;
  for (std::size_t at = 0; at < replies.size(); ++at) {
    const Reply& reply = replies[at];
    json::object headers;
    for (const auto& [name, value] : reply.headers) headers[name] = value;
    if (at > 0) out += ',';
    out += R"({"body":)" + (reply.body.empty() ? "null" : reply.body) + R"(,"httpHeaders":)" +
           json::serialize(headers) + R"(,"httpStatusCode":)" + std::to_string(reply.status) + R"(,"referenceId":)" +
           json::serialize(json::value(text_at(parts[at].as_object(), "referenceId"))) + "}";
  }
  return out;
}

}  // namespace simulator
