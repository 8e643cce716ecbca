#include "core/order.h"

#include <algorithm>

namespace core {
namespace {

/// How many mappings not placed yet the mapping waits for; `required` counts only references that cannot be left out.
std::size_t waits_for(const model::Mapping& mapping, const std::vector<model::Mapping>& left, bool required) {
  std::size_t count = 0;
  for (const model::Mapping& other : left) {
    if (other.object == mapping.object) continue;
    count += std::ranges::any_of(mapping.fields, [&](const model::FieldMapping& field) {
      return field.role == model::FieldRole::reference && field.parent_object == other.object &&
             (!required || field.required);
    });
  }
  return count;
}

}  // namespace

void put_in_order(std::vector<model::Mapping>& mappings) {
  std::vector<model::Mapping> left = std::move(mappings);
  mappings.clear();
  std::ranges::stable_sort(left, {}, [](const model::Mapping& mapping) {
    return std::pair{model::rank_of_object(mapping.object), mapping.object};
  });
  while (!left.empty()) {
    // In a cycle the one goes first that can best do without the others.
    auto next = std::ranges::min_element(left, {}, [&](const model::Mapping& mapping) {
      return std::pair{waits_for(mapping, left, true), waits_for(mapping, left, false)};
    });
    mappings.push_back(std::move(*next));
    left.erase(next);
  }
  for (std::size_t i = 0; i < mappings.size(); ++i)
    for (model::FieldMapping& field : mappings[i].fields) {
      if (field.role != model::FieldRole::reference) continue;
      const auto earlier = std::span{mappings}.first(i);
      field.deferred = std::ranges::find(earlier, field.parent_object, &model::Mapping::object) == earlier.end();
    }
}

}  // namespace core
