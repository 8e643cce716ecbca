#include "model/mapping.h"

#include <algorithm>
#include <array>

namespace model {
namespace {

constexpr std::array<std::string_view, 4> policy_names = {"newest_wins", "salesforce_wins", "crm_wins", "manual"};
constexpr std::array<std::string_view, 4> delete_names = {"delete", "archive", "ignore", "recreate"};
constexpr std::array<std::string_view, 3> direction_names = {"bidirectional", "salesforce_to_crm", "crm_to_salesforce"};

constexpr std::array<std::string_view, 2> write_mode_names = {"always", "if_empty"};
constexpr std::array<std::string_view, 3> filter_leave_names = {"keep", "flag", "remove"};

std::optional<Cell> cell_of(const FieldMapping& field, Raw raw, base::Arena& arena) {
  return raw ? canonical(field.type, *raw, arena) : canonical_null(field.type);
}

template <class Enum, std::size_t N>
std::optional<Enum> named(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view name_of(ConflictPolicy policy) {
  return policy_names[static_cast<std::size_t>(policy)];
}
std::string_view name_of(SyncDirection direction) {
  return direction_names[static_cast<std::size_t>(direction)];
}

std::string_view name_of(DeletePolicy policy) {
  return delete_names[static_cast<std::size_t>(policy)];
}

std::optional<DeletePolicy> delete_policy_named(std::string_view name) {
  return named<DeletePolicy>(delete_names, name);
}
std::optional<ConflictPolicy> conflict_policy_named(std::string_view name) {
  return named<ConflictPolicy>(policy_names, name);
}
std::optional<SyncDirection> sync_direction_named(std::string_view name) {
  return named<SyncDirection>(direction_names, name);
}

std::string_view name_of(WriteMode mode) {
  return write_mode_names[static_cast<std::size_t>(mode)];
}
std::optional<WriteMode> write_mode_named(std::string_view name) {
  return named<WriteMode>(write_mode_names, name);
}

std::string_view name_of(FilterLeave choice) {
  return filter_leave_names[static_cast<std::size_t>(choice)];
}
std::optional<FilterLeave> filter_leave_named(std::string_view name) {
  return named<FilterLeave>(filter_leave_names, name);
}

FieldKind FieldMapping::column_kind() const {
  const bool maps = transform && std::ranges::any_of(transform->to_row, [](const TransformStep& step) {
                      return step.kind == TransformStep::Kind::value_map;
                    });
  return maps ? FieldKind::text : type.kind;
}

// Cells are compared as the record spells them, unless the field only flows to the row. What a transform makes of a
// value on one side it makes of the other side's too, so that only a difference that it leaves counts.
std::optional<Cell> transformed_org_cell(const FieldMapping& field, Raw raw, base::Arena& arena) {
  if (field.direction == SyncDirection::to_org) return cell_of(field, raw, arena);
  if (raw && std::ranges::binary_search(field.transform->no_way_back, *raw, std::ranges::less{})) return std::nullopt;
  raw = transformed(field.transform->to_row, raw, arena);
  if (field.direction == SyncDirection::both) raw = transformed(field.transform->to_org, raw, arena);
  return cell_of(field, raw, arena);
}

std::optional<Cell> transformed_row_cell(const FieldMapping& field, Raw raw, base::Arena& arena) {
  if (field.direction == SyncDirection::to_store) return cell_of(field, raw, arena);
  if (field.transform->part != NamePart::none) return row_name_cell(field, raw, {}, {}, arena);
  return cell_of(field, transformed(field.transform->to_org, raw, arena), arena);
}

std::optional<Cell> row_name_cell(const FieldMapping& field, Raw full, Raw agreed_first, Raw agreed_last,
                                  base::Arena& arena) {
  const auto [first, last] = split_name(full, agreed_first, agreed_last);
  const Raw part = field.transform->part == NamePart::first ? first : last;
  return cell_of(field, transformed(field.transform->to_org, part, arena), arena);
}

Cell column_value(std::span<const FieldMapping> fields, std::size_t i, std::span<const Cell> cells,
                  base::Arena& arena) {
  const FieldMapping& field = fields[i];
  if (!field.transform || cells[i].is_unresolved()) return cells[i];
  const auto raw = [&](std::size_t f) {
    const Raw text = cells[f].has_text() ? Raw{cells[f].text()} : Raw{};
    return fields[f].direction == SyncDirection::both ? transformed(fields[f].transform->to_row, text, arena) : text;
  };
  Raw text = raw(i);
  if (field.name_pair) {
    const bool first = field.transform->part == NamePart::first;
    text = joined_name(raw(first ? i : *field.name_pair), raw(first ? *field.name_pair : i), arena);
  }
  return text && !text->empty() ? Cell{*text} : Cell{};
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
    if (field.transform) mix(signature(field.transform.get()));
  }
  return hash;
}

void shadow(const Mapping& mapping, std::span<Cell> cells) {
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) {
    if (mapping.fields[i].parent_prefix.empty() || cells[i].is_null()) continue;
    for (std::size_t k = i + 1; k < mapping.fields.size(); ++k)
      if (mapping.fields[k].org_field == mapping.fields[i].org_field) cells[k] = Cell{};
  }
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
