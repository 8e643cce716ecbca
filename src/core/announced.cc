#include "core/announced.h"

#include <algorithm>

namespace core {
namespace {

/// Had it come, it would have been seen.
bool never_came(const model::SentValue& sent, const Sighting& seen) {
  return sent.at != base::Utc{} && sent.at + longest_transaction + clock_margin <= seen.seen_through;
}

}  // namespace

bool may_hold(const model::SentValue& sent, const Sighting& seen) {
  const bool is_as_before = sent.over != base::Utc{} && seen.stamp <= sent.over;
  return !is_as_before && !never_came(sent, seen);
}

std::vector<model::SentValue> still_open(std::span<const model::FieldMapping> fields,
                                         std::span<const model::SentValue> sent, std::span<const model::Cell> org,
                                         const Sighting& seen) {
  const auto has_come = [&](const model::SentValue& s, std::size_t field) {
    return s.field == field && may_hold(s, seen) && same_value(fields[field].type, s.value, org[field]);
  };
  std::vector<model::SentValue> open;
  for (std::size_t i = 0; i < sent.size(); ++i)
    if (!never_came(sent[i], seen) && std::ranges::none_of(sent.subspan(i), [&](const model::SentValue& later) {
          return has_come(later, sent[i].field);
        }))
      open.push_back(sent[i]);
  return open;
}

std::vector<model::SentValue> once_made(std::span<const model::SentValue> attempts, std::vector<model::SentValue> open,
                                        base::Utc now) {
  // An attempt names each field once, in their order.
  if (std::ranges::adjacent_find(attempts, std::ranges::greater_equal{}, &model::SentValue::field) == attempts.end())
    return {};
  for (model::SentValue& sent : open)
    if (sent.at == base::Utc{}) sent.at = now;
  return open;
}

}  // namespace core
