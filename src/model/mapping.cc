#include "model/mapping.h"

#include <algorithm>
#include <array>

namespace model {
namespace {

constexpr std::array<std::string_view, 4> policy_names = {"newest_wins", "salesforce_wins", "crm_wins", "manual"};
constexpr std::array<std::string_view, 3> direction_names = {"bidirectional", "salesforce_to_crm",
                                                             "crm_to_salesforce"};

template <class Enum, std::size_t N>
std::optional<Enum> named(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view name_of(ConflictPolicy policy) { return policy_names[static_cast<std::size_t>(policy)]; }
std::string_view name_of(SyncDirection direction) { return direction_names[static_cast<std::size_t>(direction)]; }

std::optional<ConflictPolicy> conflict_policy_named(std::string_view name) {
  return named<ConflictPolicy>(policy_names, name);
}
std::optional<SyncDirection> sync_direction_named(std::string_view name) {
  return named<SyncDirection>(direction_names, name);
}

std::optional<std::size_t> Mapping::ordinal_of_column(std::string_view column) const {
  const auto found = std::ranges::find(fields, column, &FieldMapping::column);
  if (found == fields.end()) return std::nullopt;
  return static_cast<std::size_t>(found - fields.begin());
}

std::uint32_t Mapping::layout() const {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    hash = (hash ^ 0xFFu) * 16777619u;
  };
  for (const FieldMapping& field : fields) {
    mix(field.column);
    mix(field.org_field);
  }
  return hash;
}

int rank_of_object(std::string_view object) {
  if (object == "Account") return 0;
  if (object == "Contact") return 1;
  if (object == "Lead") return 2;
  if (object == "Opportunity") return 3;
  if (object == "Task" || object == "Event") return 9;
  return 5;
}

}  // namespace model
