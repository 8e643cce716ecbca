#include "salesforce/bulk_choice.h"

#include <algorithm>
#include <unordered_map>

#include "salesforce/rest_org.h"
#include "salesforce/write_body.h"

namespace salesforce {
namespace {

constexpr std::size_t longest_value = 131'072, longest_record = 400'000;

/// What the writes of one upload have in common.
struct Kind {
  bool creates = false;
  model::FieldSet fields;  ///< Updates only: creates may leave columns empty, which gives a new record no value.
  model::FieldSet by_key;  ///< A column holds ids or keys of parents.

  bool operator==(const Kind&) const = default;
};

Kind kind_of(const core::OrgWrite& write) {
  Kind kind{.creates = !write.id, .fields = {}, .by_key = {}};
  if (write.id) kind.fields = write.fields;
  if (write.by_key.any())
    for (std::size_t i = 0; i < write.values.size(); ++i) kind.by_key[i] = write.fields[i] && is_by_key(write, i);
  return kind;
}

struct KindHash {
  std::size_t operator()(const Kind& kind) const {
    const std::hash<model::FieldSet> hash;
    return (hash(kind.fields) * 31 + hash(kind.by_key)) * 2 + kind.creates;
  }
};

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
  std::vector<std::vector<std::size_t>> kinds;
  std::unordered_map<Kind, std::size_t, KindHash> place_of;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    // An upload of creates is an upsert by their key.
    const bool has_name = writes[i].id || !writes[i].upsert_key.empty();
    if (!with_bulk || !has_name || !fits_upload(writes[i])) {
      plan.collections.push_back(i);
      continue;
    }
    const auto [known, is_new] = place_of.try_emplace(kind_of(writes[i]), kinds.size());
    if (is_new) kinds.emplace_back();
    kinds[known->second].push_back(i);
  }
  // A parent that one call makes is there before those that name it by its key.
  std::ranges::stable_partition(kinds,
                                [&](const auto& places) { return kind_of(writes[places.front()]).by_key.none(); });
  for (std::vector<std::size_t>& kind : kinds) {
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
