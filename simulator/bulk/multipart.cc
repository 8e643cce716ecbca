#include "simulator/bulk/multipart.h"

#include "simulator/org/text.h"

namespace simulator::bulk {
namespace {

std::unexpected<ApiError> malformed(const char* why) {
  return refusal(400, "INVALID_MULTIPART_REQUEST", why);
}

/// The value of `name=` among a header's parameters, without its quotes.
std::string parameter_of(std::string_view header, std::string_view name) {
  for (auto semicolon = header.find(';'); semicolon != std::string_view::npos; semicolon = header.find(';')) {
    header = trimmed(header.substr(semicolon + 1));
    const auto equals = header.find('=');
    if (equals == std::string_view::npos || !same_name(trimmed(header.substr(0, equals)), name)) continue;
    std::string_view value = header.substr(equals + 1);
    if (value.starts_with('"')) return std::string{value.substr(1, value.find('"', 1) - 1)};
    return std::string{trimmed(value.substr(0, value.find(';')))};
  }
  return {};
}

/// What stands up to `end`, which is cut off too. Lines of some clients end with LF alone.
std::string_view cut(std::string_view& text, std::size_t end) {
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end));
  return out;
}

}  // namespace

Outcome<std::map<std::string, std::string, std::less<>>> multipart_parts(std::string_view content_type,
                                                                         std::string_view body) {
  const std::string boundary = parameter_of(content_type, "boundary");
  if (boundary.empty()) return malformed("The multipart request names no boundary");
  const std::string delimiter = "--" + boundary;
  std::map<std::string, std::string, std::less<>> parts;
  auto at = body.find(delimiter);
  if (at == std::string_view::npos) return malformed("The multipart request has no part");
  body.remove_prefix(at + delimiter.size());
  while (!body.starts_with("--")) {
    if (body.starts_with("\r")) body.remove_prefix(1);
    if (!body.starts_with("\n"))
      return malformed("A part of the multipart request does not begin on a line of its own");
    body.remove_prefix(1);
    std::string name;
    for (;;) {
      const auto end = body.find('\n');
      if (end == std::string_view::npos) return malformed("A part of the multipart request ends within its headers");
      const std::string_view line = trimmed(cut(body, end + 1));
      if (line.empty()) break;
      const auto colon = line.find(':');
      if (colon != std::string_view::npos && same_name(line.substr(0, colon), "content-disposition"))
        name = parameter_of(line, "name");
    }
    at = body.find("\n" + delimiter);
    if (at == std::string_view::npos) return malformed("The multipart request is cut short");
    std::string_view content = cut(body, at);
    if (content.ends_with('\r')) content.remove_suffix(1);
    if (name.empty()) return malformed("A part of the multipart request has no name");
    parts[name] = std::string{content};
    body.remove_prefix(delimiter.size() + 1);
  }
  return parts;
}

}  // namespace simulator::bulk
