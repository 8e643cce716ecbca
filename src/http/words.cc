#include "http/words.h"

namespace http {

bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t at = 0; at < a.size(); ++at)
    if (lower(a[at]) != lower(b[at])) return false;
  return true;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view next_of(std::string_view& list, char separator) {
  const auto end = list.find(separator);
  const std::string_view word = trim(list.substr(0, end));
  list = end == list.npos ? std::string_view{} : list.substr(end + 1);
  return word;
}

}  // namespace http
