#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "store_under_test.h"

namespace contract {

using core::Known;
using core::LinkState;
using core::Settlement;
using core::WriteSet;
using model::Cell;
using model::OutboxSeq;
using model::RecordId;
using model::RowKey;
using std::chrono::seconds;

inline model::FieldMapping field(std::string column, std::string org_field,
                                 model::FieldKind kind = model::FieldKind::text, std::int32_t scale = 0) {
  model::FieldMapping made;
  made.column = std::move(column);
  made.org_field = std::move(org_field);
  made.type.kind = kind;
  made.type.scale = scale;
  return made;
}

inline model::Mapping accounts() {
  model::Mapping mapping;
  mapping.id = model::MappingId{1};
  mapping.object = "Account";
  mapping.table = "companies";
  mapping.workspace = "default";
  mapping.fields = {field("name", "Name"), field("phone", "Phone")};
  return mapping;
}

/// Ordinals of contacts().
enum : std::size_t { last_name, email, company, company_id };

inline model::Mapping contacts() {
  model::Mapping mapping;
  mapping.id = model::MappingId{2};
  mapping.object = "Contact";
  mapping.table = "contacts";
  mapping.workspace = "default";
  mapping.fields = {field("last_name", "LastName"), field("email", "Email"), field("company", "Account.Name"),
                    field("company_id", "AccountId", model::FieldKind::reference)};
  mapping.fields[company].role = model::FieldRole::parent_name;
  mapping.fields[company].via = company_id;
  mapping.fields[company].parent_object = mapping.fields[company_id].parent_object = "Account";
  mapping.fields[company_id].role = model::FieldRole::reference;
  return mapping;
}

inline model::Mapping opportunities() {
  model::Mapping mapping;
  mapping.id = model::MappingId{3};
  mapping.object = "Opportunity";
  mapping.table = "opportunities";
  mapping.workspace = "default";
  mapping.fields = {field("name", "Name"), field("amount", "Amount", model::FieldKind::number, 2),
                    field("close_date", "CloseDate", model::FieldKind::date)};
  return mapping;
}

inline RecordId id(std::string_view prefix, int number) {
  std::string digits = std::to_string(number);
  return *RecordId::parse(std::string{prefix} + std::string(12 - digits.size(), '0') + digits);
}
inline RecordId account(int number) {
  return id("001", number);
}
inline RecordId contact(int number) {
  return id("003", number);
}

inline base::Utc at(int second) {
  return base::Utc{seconds{1'700'000'000 + second}};
}

inline model::Position reached(int second) {
  model::Watermark mark;
  mark.reached = {at(second), contact(second)};
  return mark;
}

/// An observation of records with one row of values each; an empty text is null.
inline core::Observation observe(const std::vector<std::pair<RecordId, std::vector<std::string>>>& records,
                                 std::size_t width, int second = 1) {
  core::Observation observed;
  observed.restart(width);
  for (const auto& [record, values] : records) {
    const auto row = observed.cells.add();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!values[i].empty()) row[i] = Cell{observed.cells.text().copy(values[i])};
    observed.heads.push_back({record, {}, at(second)});
  }
  observed.as_of = at(second + 5);
  return observed;
}

/// Takes every record as a new row, or writes it over the row there is.
inline WriteSet take_all(const core::Observation& observed, const Known& known) {
  WriteSet writes;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    Settlement s;
    s.at = i;
    for (std::size_t f = 0; f < observed.cells.width(); ++f) s.columns[f] = !known.unlinked[i][f];
    s.values = observed.cells[i];
    s.insert_row = !known.heads[i].row_exists;
    s.link = LinkState::linked;
    s.record = observed.heads[i].id;
    s.stamp = observed.heads[i].stamp;
    s.base = observed.cells[i];
    writes.settlements.push_back(std::move(s));
  }
  return writes;
}

template <class T>
T need(base::Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace contract
