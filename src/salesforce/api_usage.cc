#include "salesforce/api_usage.h"

#include <charconv>

namespace salesforce {

void read_usage(std::string_view text, ApiUsage& usage) {
  constexpr std::string_view name = "api-usage=";
  std::size_t at = text.find(name);
  while (at != std::string_view::npos && at > 0 && text[at - 1] == '-') at = text.find(name, at + 1);
  if (at == std::string_view::npos) return;
  const char* const end = text.data() + text.size();
  ApiUsage read;
  const auto [slash, error] = std::from_chars(text.data() + at + name.size(), end, read.used);
  if (error != std::errc{} || slash == end || *slash != '/') return;
  if (std::from_chars(slash + 1, end, read.most).ec != std::errc{}) return;
  if (read.used >= 0 && read.most > 0) usage = read;
}

}  // namespace salesforce
