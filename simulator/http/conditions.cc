#include "simulator/http/conditions.h"

#include <charconv>

#include "base/time_text.h"
#include "simulator/http/answers.h"

namespace simulator {
namespace {

/// The values of a list of ETags; nothing if one has no quotes. "*" stays itself.
std::optional<std::vector<std::string>> etags_in(std::string_view header) {
  std::vector<std::string> out;
  for (std::string tag : list_in(header)) {
    const auto from = tag.find_first_not_of(' ');
    if (from == std::string::npos) continue;
    tag = tag.substr(from, tag.find_last_not_of(' ') - from + 1);
    if (tag.starts_with("W/")) tag.erase(0, 2);
    if (tag != "*" && (tag.size() < 2 || tag.front() != '"' || tag.back() != '"')) return std::nullopt;
    // What was sent packed comes back with the name of the packing.
    if (const auto packed = tag.rfind("-gzip\""); packed != std::string::npos) tag = tag.substr(0, packed) + "\"";
    out.push_back(std::move(tag));
  }
  return out;
}

Reply bad_header(std::string_view name) {
  return refuse({400, "INVALID_HEADER", std::string{name} + " has no value that can be read"});
}

}  // namespace

std::string etag_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  char digits[17];
  const auto end = std::to_chars(digits, digits + sizeof digits, hash, 16).ptr;
  return "\"" + std::string{digits, end} + "\"";
}

std::optional<Reply> unmet_condition(const Call& call, const Version& version) {
  const bool reads = call.method == "GET" || call.method == "HEAD";
  const auto precondition = [](std::string_view header) {
    return refuse({412, "PRECONDITION_FAILED", "The condition of " + std::string{header} + " does not hold"});
  };
  const auto not_modified = [&] {
    Reply reply{304};
    if (!version.etag.empty()) reply.headers.emplace_back("ETag", version.etag);
    return reply;
  };
  for (const std::string_view name : {"if-match", "if-none-match"}) {
    if (version.etag.empty() || call.header(name).empty()) continue;
    const auto tags = etags_in(call.header(name));
    if (!tags) return bad_header(name);
    bool matches = false;
    for (const std::string& tag : *tags) matches = matches || tag == "*" || tag == version.etag;
    if (name == "if-match" && !matches) return precondition("If-Match");
    if (name == "if-none-match" && matches) return reads ? not_modified() : precondition("If-None-Match");
  }
  if (const std::string since{call.header("if-unmodified-since")}; !since.empty()) {
    const auto moment = base::parse_http_date(since);
    if (!moment) return bad_header("If-Unmodified-Since");
    if (version.changed > *moment) return precondition("If-Unmodified-Since");
  }
  if (const std::string since{call.header("if-modified-since")};
      reads && !since.empty() && call.header("if-none-match").empty()) {
    const auto moment = base::parse_http_date(since);
    if (moment && version.changed <= *moment) return not_modified();
  }
  return std::nullopt;
}

}  // namespace simulator
