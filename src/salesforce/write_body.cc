#include "salesforce/write_body.h"

#include <algorithm>

#include "salesforce/json.h"

namespace salesforce {
namespace {

using model::FieldKind;

/// Of several columns that stand for one field, the filled one speaks for all.
bool another_speaks(const model::Mapping& mapping, const core::OrgWrite& write, std::size_t i) {
  if (mapping.fields[i].parent_prefix.empty() || !write.values[i].is_null()) return false;
  for (std::size_t k = 0; k < mapping.fields.size(); ++k)
    if (k != i && write.fields.test(k) && mapping.fields[k].org_field == mapping.fields[i].org_field &&
        (k < i || write.values[k].has_text()))
      return true;
  return false;
}

/// "-12.50", "1e6"; not "+1", ".5", "0x1", "".
bool is_json_number(std::string_view text) {
  const auto digits = [&text] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9') return false;
  if (digits() == 0) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

bool is_bare(const model::FieldType& type, std::string_view text) {
  if (type.kind == FieldKind::boolean) return text == "true" || text == "false";
  return type.kind == FieldKind::number && is_json_number(text);
}

/// Where the reference may lead to several objects, the parent says which one it is.
void append_parent(std::string& out, const model::Mapping& mapping, const model::FieldMapping& reference,
                   std::string_view key) {
  out += '{';
  if (!reference.parent_prefix.empty()) out += "\"attributes\":{\"type\":\"" + reference.parent_object + "\"},";
  append_json_string(out, mapping.upsert_field);
  out += ':';
  append_json_string(out, key);
  out += '}';
}

}  // namespace

bool is_sent(const model::Mapping& mapping, const core::OrgWrite& write, std::size_t field) {
  const model::FieldMapping& mapped = mapping.fields[field];
  return write.fields.test(field) && mapped.role != model::FieldRole::parent_name && !mapped.org_field.empty() &&
         !mapped.org_field.contains('.') && mapped.org_field != mapping.upsert_field &&
         !write.values[field].is_unresolved() && !another_speaks(mapping, write, field);
}

bool is_by_key(const core::OrgWrite& write, std::size_t field) {
  return write.by_key.test(field) && write.values[field].has_text();
}

std::string key_column(const model::Mapping& mapping, std::size_t field) {
  const model::FieldMapping& reference = mapping.fields[field];
  const std::string type = reference.parent_prefix.empty() ? "" : reference.parent_object + ":";
  return type + reference.relationship + "." + mapping.upsert_field;
}

void append_members(std::string& out, const model::Mapping& mapping, const core::OrgWrite& write, bool first) {
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) {
    const model::FieldMapping& field = mapping.fields[i];
    if (!is_sent(mapping, write, i)) continue;
    if (!first) out += ',';
    first = false;
    const model::Cell& cell = write.values[i];
    const bool by_key = is_by_key(write, i);
    append_json_string(out, by_key ? field.relationship : field.org_field);
    out += ':';
    if (by_key) {
      append_parent(out, mapping, field, cell.text());
    } else if (cell.is_null()) {
      out += "null";
    } else if (is_bare(field.type, cell.text())) {
      out += cell.text();
    } else {
      append_json_string(out, cell.text());
    }
  }
}

bool looks_like_reference(const model::Mapping& mapping, const core::OrgWrite& write) {
  constexpr std::string_view opening = "@{";
  if (write.upsert_key.contains(opening)) return true;
  for (std::size_t i = 0; i < mapping.fields.size(); ++i)
    if (is_sent(mapping, write, i) && write.values[i].has_text() && write.values[i].text().contains(opening))
      return true;
  return false;
}

base::Result<void> check_write(const model::Mapping& mapping, const core::OrgWrite& write) {
  const auto refuse = [&](const std::string& why) {
    return base::failure(base::ErrorKind::rejected, "The " + mapping.object + " record was not sent: " + why,
                         "INVALID_VALUE");
  };
  if (!write.id && write.upsert_key.empty() != mapping.upsert_field.empty())
    return refuse("it has no record id, and a key without a field for it, or a field without a key.");
  if (write.values.size() != mapping.fields.size()) return refuse("it has another number of values than the mapping.");
  const auto is_text = [](std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); };
  if (!is_text(write.upsert_key)) return refuse("its upsert key is not valid UTF-8.");
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) {
    const model::FieldMapping& field = mapping.fields[i];
    if (!is_sent(mapping, write, i) || !write.values[i].has_text()) continue;
    const std::string_view text = write.values[i].text();
    if (!is_text(text)) return refuse("column " + field.column + " is not valid UTF-8. Correct it in the row.");
    if (is_by_key(write, i) && (field.relationship.empty() || mapping.upsert_field.empty()))
      return refuse("column " + field.column + " names its parent by a key for which Salesforce has no field.");
    const bool bare = field.type.kind == FieldKind::boolean || field.type.kind == FieldKind::number;
    if (bare && !is_bare(field.type, text))
      return refuse("column " + field.column + " holds no " + std::string{model::name_of(field.type.kind)} +
                    ". Correct it in the row.");
  }
  return {};
}

}  // namespace salesforce
