#include "salesforce/csv_records.h"

#include <algorithm>

#include "base/time_text.h"
#include "salesforce/soql.h"

namespace salesforce {
namespace {

using base::ErrorKind;

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// The org's own form "2022-01-02T21:33:43.000Z" differs from ours only in its end.
std::optional<model::Cell> datetime_cell(std::string_view text, base::Arena& arena) {
  if (text.size() != 24 || text.substr(19) != ".000Z" || !base::parse_iso(text)) return std::nullopt;
  char* place = arena.reserve(20);
  std::copy_n(text.data(), 19, place);
  place[19] = 'Z';
  return model::Cell{std::string_view{place, 20}};
}

}  // namespace

base::Result<void> CsvRecords::read_header(const csv::Row& row) {
  const std::vector<std::string> names = soql::selected_fields(mapping_);
  std::vector<bool> found(names.size());
  columns_.assign(row.size(), {});
  for (std::size_t column = 0; column < row.size(); ++column) {
    const auto name =
        std::ranges::find_if(names, [&](const std::string& each) { return same_name(each, row[column]); });
    if (name == names.end()) continue;
    found[static_cast<std::size_t>(name - names.begin())] = true;
    columns_[column].is_id = *name == "Id";
    columns_[column].is_stamp = *name == "SystemModstamp";
    columns_[column].is_upsert_key = same_name(*name, mapping_.upsert_field);
    for (std::size_t i = 0; i < mapping_.fields.size(); ++i)
      if (same_name(mapping_.fields[i].org_field, *name)) columns_[column].ordinals.push_back(i);
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!found[i])
      return base::failure(ErrorKind::precondition, "The results of the Bulk query of " + mapping_.object +
                                                        " have no column " + names[i] + ". They are read again.");
  return {};
}

base::Result<void> CsvRecords::append(const csv::Row& row, core::Observation& out) const {
  if (row.fault != nullptr || row.size() != columns_.size())
    return base::failure(ErrorKind::malformed,
                         "Row " + std::to_string(row.number) + " of the Bulk query's " + mapping_.object +
                             " records could not be read: " +
                             (row.fault != nullptr ? row.fault : "it has other columns than the header") +
                             ". It is read again.");
  base::Arena& arena = out.cells.text();
  const auto cells = out.cells.add();
  core::RecordHead head;
  bool has_stamp = false;
  const model::FieldMapping* bad = nullptr;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (mapping_.fields[i].org_field.empty())
      if (const auto cell = model::org_cell(mapping_.fields[i], {}, arena)) cells[i] = *cell;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    const std::string_view text = row[i];
    if (column.is_id) {
      if (const auto id = model::RecordId::parse(text)) head.id = *id;
    } else if (column.is_stamp) {
      if (const auto stamp = base::parse_iso(text)) {
        head.stamp = base::whole_second(*stamp);
        has_stamp = true;
      }
    }
    if (!column.is_upsert_key && column.ordinals.empty()) continue;
    const std::string_view kept = arena.copy(text);
    if (column.is_upsert_key) head.upsert_key = kept;
    const model::Raw raw = kept.empty() ? model::Raw{} : model::Raw{kept};
    for (const std::size_t ordinal : column.ordinals) {
      const model::FieldMapping& field = mapping_.fields[ordinal];
      const bool is_plain_datetime = field.type.kind == model::FieldKind::datetime && !field.transform;
      auto cell = is_plain_datetime ? datetime_cell(kept, arena) : std::nullopt;
      if (!cell) cell = model::org_cell(field, raw, arena);
      if (cell) {
        cells[ordinal] = *cell;
      } else if (bad == nullptr) {
        bad = &field;
      }
    }
  }
  if (!head.id || !has_stamp)
    return base::failure(ErrorKind::malformed, "Salesforce answered with a " + mapping_.object +
                                                   " record without a readable Id and SystemModstamp.");
  if (bad != nullptr) {
    out.cells.truncate(out.size());
    out.unreadable.push_back(
        {head.id,
         base::Error{ErrorKind::malformed,
                     mapping_.object + " " + head.id.str() + ": field " + bad->org_field +
                         (bad->transform ? " holds a value that its transform cannot bring back"
                                         : " holds a value that is none of its type") +
                         ". Compare the field's type in the mapping with the object in Salesforce.",
                     "INVALID_VALUE"},
         head.stamp, out.size()});
    return {};
  }
  out.heads.push_back(head);
  return {};
}

}  // namespace salesforce
