#include "base/nearest.h"

#include <algorithm>

namespace base {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// How many letters have to be put in, taken out or replaced; the case does not count.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t at = 0; at <= b.size(); ++at) row[at] = at;
  for (std::size_t line = 1; line <= a.size(); ++line) {
    std::size_t diagonal = row[0];
    row[0] = line;
    for (std::size_t at = 1; at <= b.size(); ++at) {
      const std::size_t replaced = diagonal + (lower(a[line - 1]) == lower(b[at - 1]) ? 0 : 1);
      diagonal = row[at];
      row[at] = std::min({replaced, row[at] + 1, row[at - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

const std::string* nearest(std::string_view given, const std::vector<std::string>& known) {
  const std::string* found = nullptr;
  std::size_t least = std::max<std::size_t>(2, given.size() / 4) + 1;
  for (const std::string& name : known) {
    const std::size_t distance = edit_distance(given.substr(0, 80), name);
    if (distance >= least) continue;
    least = distance;
    found = &name;
  }
  return found;
}

}  // namespace base
