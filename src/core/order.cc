#include "core/order.h"

#include <algorithm>

namespace core {
namespace {

/// How many mappings that are not placed yet hold parents of this one. The object itself does not count.
std::ptrdiff_t waits_for(const model::Mapping& mapping, const std::vector<model::Mapping>& left) {
  return std::ranges::count_if(left, [&](const model::Mapping& other) {
    return other.object != mapping.object && std::ranges::any_of(mapping.fields, [&](const model::FieldMapping& field) {
             return field.role == model::FieldRole::reference && field.parent_object == other.object;
           });
  });
}

}  // namespace

void put_in_order(std::vector<model::Mapping>& mappings) {
  std::vector<model::Mapping> left = std::move(mappings);
  mappings.clear();
  std::ranges::stable_sort(left, {}, [](const model::Mapping& mapping) {
    return std::pair{model::rank_of_object(mapping.object), mapping.object};
  });
  while (!left.empty()) {
    const auto next =
        std::ranges::min_element(left, {}, [&](const model::Mapping& mapping) { return waits_for(mapping, left); });
    mappings.push_back(std::move(*next));
    left.erase(next);
  }
}

}  // namespace core
