#include "connection/store_job_journal.h"

#include <algorithm>

namespace connection {
namespace {

constexpr std::string_view note_name = "bulk_jobs";  // ids, one a line

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// `before` without `job`.
std::string without(const std::string& before, const std::string& job) {
  std::string out;
  for (const std::string& line : lines_of(before))
    if (line != job) (out += line) += '\n';
  return out;
}

}  // namespace

base::Result<std::vector<std::string>> StoreJobJournal::jobs() {
  ASSIGN_OR_RETURN(const std::string kept, registry_.note(id_.text, note_name));
  return lines_of(kept);
}

base::Result<void> StoreJobJournal::add(const std::string& job) {
  RETURN_IF_ERROR(registry_.change_note(id_.text, note_name,
                                        [&](const std::string& before) { return without(before, job) + job + "\n"; }));
  return {};
}

base::Result<void> StoreJobJournal::remove(const std::string& job) {
  RETURN_IF_ERROR(
      registry_.change_note(id_.text, note_name, [&](const std::string& before) { return without(before, job); }));
  return {};
}

}  // namespace connection
