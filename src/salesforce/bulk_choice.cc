#include "salesforce/bulk_choice.h"

#include <algorithm>
#include <unordered_map>

#include "salesforce/rest_org.h"

namespace salesforce {
namespace {

constexpr std::size_t longest_value = 131'072, longest_record = 400'000;

}  // namespace

ReadBy choose_read(std::int64_t records) {
  return records >= bulk_read_from ? ReadBy::bulk : ReadBy::pages;
}

bool fits_upload(const core::OrgWrite& write) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < write.values.size(); ++i) {
    if (!write.fields.test(i)) continue;
    const std::string_view text = write.values[i].text();
    size += text.size();
    if (text == "#N/A" || text.size() > longest_value || size > longest_record) return false;
  }
  return true;
}

WritePlan choose_write(std::span<const core::OrgWrite> writes, bool with_bulk) {
  WritePlan plan;
  const bool conditional = std::ranges::any_of(
      writes, [](const core::OrgWrite& write) { return write.id && write.unless_changed_since != base::Utc{}; });
  if (conditional && writes.size() <= RestOrg::conditional_writes_limit()) {
    for (std::size_t i = 0; i < writes.size(); ++i) plan.conditional.push_back(i);
    return plan;
  }
  // Creates may leave columns empty, which gives a new record no value. An update says what it changes by its columns.
  std::vector<std::size_t> creates;
  std::vector<std::vector<std::size_t>> updates;
  std::unordered_map<model::FieldSet, std::size_t> update_of;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    // An upload of creates is an upsert by their key.
    const bool has_name = writes[i].id || !writes[i].upsert_key.empty();
    if (!with_bulk || !has_name || !fits_upload(writes[i])) {
      plan.collections.push_back(i);
    } else if (!writes[i].id) {
      creates.push_back(i);
    } else {
      const auto [known, is_new] = update_of.try_emplace(writes[i].fields, updates.size());
      if (is_new) updates.emplace_back();
      updates[known->second].push_back(i);
    }
  }
  updates.push_back(std::move(creates));
  for (std::vector<std::size_t>& kind : updates) {
    if (kind.size() >= bulk_write_from) {
      plan.uploads.push_back(std::move(kind));
    } else {
      plan.collections.insert(plan.collections.end(), kind.begin(), kind.end());
    }
  }
  std::ranges::sort(plan.collections);
  return plan;
}

}  // namespace salesforce
