#include "core/dry_run.h"

namespace core {
namespace {

/// An id that no org gives: its first three characters name no object.
model::RecordId invented_id(std::uint64_t number) {
  std::string text = "zzz000000000000";
  for (std::size_t place = 14; number > 0; --place, number /= 10) text[place] = static_cast<char>('0' + number % 10);
  return *model::RecordId::parse(text);
}

}  // namespace

base::Result<std::vector<base::Result<model::RecordId>>> DryRunOrg::write(const model::Mapping&,
                                                                          std::span<const OrgWrite> writes) {
  write_calls_ += calls_for_(writes.size());
  std::vector<base::Result<model::RecordId>> results;
  for (const OrgWrite& write : writes) results.emplace_back(write.id ? write.id : invented_id(++invented_));
  return results;
}

}  // namespace core
