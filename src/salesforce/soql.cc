#include "salesforce/soql.h"

#include <algorithm>
#include <vector>

#include "base/time_text.h"
#include "salesforce/condition.h"

namespace salesforce::soql {
namespace {

using base::ErrorKind;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  constexpr std::string_view special = "\\'\n\r\t\b\f", letters = "\\'nrtbf";
  if (const auto at = special.find(c); c != '\0' && at != std::string_view::npos) {
    (out += '\\') += letters[at];
  } else if (const auto byte = static_cast<unsigned char>(c); byte < 0x20) {
    ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
  } else {
    out += c;
  }
}

}  // namespace

std::string quote(std::string_view text) {
  std::string out = "'";
  for (const char c : text) append_escaped(out, c);
  return out += '\'';
}

std::string quote_pattern(std::string_view pattern) {
  std::string out = "'";
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size() &&
        (pattern[i + 1] == '_' || pattern[i + 1] == '%' || pattern[i + 1] == '\\')) {
      (out += '\\') += pattern[++i];
    } else {
      append_escaped(out, pattern[i]);
    }
  }
  return out += '\'';
}

bool is_identifier(std::string_view text) {
  constexpr std::size_t longest = 60;  // the org's own names end at 43 characters
  while (true) {
    const auto dot = text.find('.');
    const std::string_view name = text.substr(0, dot);
    if (name.empty() || name.size() > longest || !is_letter(name.front())) return false;
    if (!std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; })) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

std::string datetime(base::Utc moment) {
  return base::to_iso_seconds(std::clamp<base::Utc>(moment, first_moment, last_moment));
}

base::Result<void> check_names(const model::Mapping& mapping) {
  const auto refuse = [&](std::string_view name, std::string_view what) {
    return base::failure(ErrorKind::settings, "\"" + std::string{name} + "\" is not the API name of " +
                                                  std::string{what} + ". Correct it in the mapping of table " +
                                                  mapping.table + ".");
  };
  if (!is_identifier(mapping.object) || mapping.object.contains('.'))
    return refuse(mapping.object, "a Salesforce object");
  if (!mapping.upsert_field.empty() && (!is_identifier(mapping.upsert_field) || mapping.upsert_field.contains('.')))
    return refuse(mapping.upsert_field, "an external id field");
  for (const model::FieldMapping& field : mapping.fields)
    if (!field.org_field.empty() && !is_identifier(field.org_field))
      return refuse(field.org_field, "a field of " + mapping.object);
  return {};
}

std::vector<std::string> selected_fields(const model::Mapping& mapping, bool authors) {
  std::vector<std::string> names{"Id", "SystemModstamp"};
  if (authors && mapping.shows_author) names.emplace_back("LastModifiedById");
  const auto add = [&](const std::string& name) {
    if (std::ranges::none_of(names, [&](const std::string& known) { return equal_ignoring_case(known, name); }))
      names.push_back(name);
  };
  if (mapping.shows_deleted) add("IsDeleted");
  if (mapping.shows_merged) add("MasterRecordId");
  if (!mapping.upsert_field.empty()) add(mapping.upsert_field);
  for (const model::FieldMapping& field : mapping.fields)
    if (!field.org_field.empty()) add(field.org_field);
  return names;
}

/// Whether records in the recycle bin are wanted too. They count whatever the filter says: a record that left the
/// filter may have a row, and its deletion is news.
enum class Deleted { excluded, included };

/// " WHERE …" for the mapping's filter and `place`, as far as there are any. The filter is printed from its tree:
/// what a user wrote is never pasted.
static base::Result<std::string> where(const model::Mapping& mapping, const std::string& place, Deleted deleted) {
  RETURN_IF_ERROR(check_names(mapping));
  std::string filter;
  if (mapping.filter.find_first_not_of(" \t\r\n") != std::string::npos) {
    const auto condition = parse_condition(mapping.filter);
    if (!condition)
      return base::failure(ErrorKind::settings, "The filter of " + mapping.object + ", " + condition.error().message +
                                                    ". Correct it with `lockstep integration set filters." +
                                                    mapping.object + "=…`.");
    filter = print(*condition);
    if (deleted == Deleted::included) filter = "(" + filter + " OR IsDeleted = true)";
  }
  if (filter.empty() && place.empty()) return std::string{};
  return " WHERE " + filter + (filter.empty() || place.empty() ? "" : " AND ") + place;
}

static std::string select_from(const model::Mapping& mapping, const std::vector<std::string>& names) {
  std::string query = "SELECT ";
  for (const std::string& name : names) (query += name) += ", ";
  query.resize(query.size() - 2);
  return query += " FROM " + mapping.object;
}

static std::string select_from(const model::Mapping& mapping, bool authors = false) {
  return select_from(mapping, selected_fields(mapping, authors));
}

base::Result<std::string> keyset_query(const model::Mapping& mapping, const model::Keyset& after, std::size_t limit,
                                       bool authors) {
  std::string place;
  const std::string at = datetime(after.at);
  if (after.last) {
    place = "((SystemModstamp = " + at + " AND Id > " + quote(after.last.view()) + ") OR SystemModstamp > " + at + ")";
  } else if (after.at != base::Utc{}) {
    place = "SystemModstamp >= " + at;
  }
  const Deleted deleted = mapping.shows_deleted ? Deleted::included : Deleted::excluded;
  ASSIGN_OR_RETURN(const std::string condition, where(mapping, place, deleted));
  return select_from(mapping, authors) + condition + " ORDER BY SystemModstamp ASC, Id ASC LIMIT " +
         std::to_string(limit);
}

base::Result<std::string> slice_query(const model::Mapping& mapping, model::RecordId after, model::RecordId through,
                                      std::size_t limit) {
  std::string place;
  if (after) place = "Id > " + quote(after.view());
  if (through) (place += place.empty() ? "" : " AND ") += "Id <= " + quote(through.view());
  ASSIGN_OR_RETURN(const std::string condition, where(mapping, place, Deleted::excluded));
  return select_from(mapping) + condition + " ORDER BY Id ASC LIMIT " + std::to_string(limit);
}

base::Result<std::string> bulk_query(const model::Mapping& mapping) {
  ASSIGN_OR_RETURN(const std::string condition, where(mapping, {}, Deleted::excluded));
  return select_from(mapping) + condition;
}

base::Result<std::string> count_query(const model::Mapping& mapping) {
  ASSIGN_OR_RETURN(const std::string condition, where(mapping, {}, Deleted::excluded));
  return "SELECT COUNT() FROM " + mapping.object + condition;
}

/// "Id IN ('003…','003…')"
static std::string among(std::span<const model::RecordId> ids) {
  std::string text = "Id IN (";
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) text += ',';
    text += quote(ids[i].view());
  }
  return text + ')';
}

base::Result<std::string> by_ids_query(const model::Mapping& mapping, std::span<const model::RecordId> ids) {
  RETURN_IF_ERROR(check_names(mapping));
  return select_from(mapping) + " WHERE " + among(ids);
}

base::Result<std::string> fitting_query(const model::Mapping& mapping, std::span<const model::RecordId> ids) {
  ASSIGN_OR_RETURN(const std::string condition, where(mapping, among(ids), Deleted::excluded));
  return "SELECT Id FROM " + mapping.object + condition;
}

base::Result<std::string> alike_query(const model::Mapping& mapping, std::span<const std::size_t> rule,
                                      std::span<const std::span<const model::Cell>> rows) {
  RETURN_IF_ERROR(check_names(mapping));
  for (const auto& row : rows)
    for (const std::size_t field : rule)
      if (!row[field].has_text())
        return base::failure(ErrorKind::settings, "A match rule of " + mapping.object +
                                                      " was to be asked for a row without a value in " +
                                                      mapping.fields[field].org_field + ".");
  std::string query = select_from(mapping) + " WHERE ";
  if (rule.size() == 1) {
    query += mapping.fields[rule.front()].org_field + " IN (";
    for (std::size_t i = 0; i < rows.size(); ++i) (query += i > 0 ? "," : "") += quote(rows[i][rule.front()].text());
    return query + ')';
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    query += i > 0 ? " OR (" : "(";
    for (std::size_t k = 0; k < rule.size(); ++k)
      ((query += k > 0 ? " AND " : "") += mapping.fields[rule[k]].org_field + " = ") += quote(rows[i][rule[k]].text());
    query += ')';
  }
  return query;
}

base::Result<std::string> created_query(const model::Mapping& mapping, std::string_view user, base::Utc since) {
  RETURN_IF_ERROR(check_names(mapping));
  std::vector<std::string> names = selected_fields(mapping, false);
  const auto is_creation = [](const std::string& name) { return equal_ignoring_case(name, "CreatedDate"); };
  if (std::ranges::none_of(names, is_creation)) names.emplace_back("CreatedDate");
  return select_from(mapping, names) + " WHERE CreatedById = " + quote(user) +
         " AND CreatedDate >= " + datetime(since) + " ORDER BY CreatedDate ASC, Id ASC";
}

base::Result<std::string> lookup_query(const model::Mapping& mapping, std::span<const std::string_view> keys) {
  RETURN_IF_ERROR(check_names(mapping));
  if (mapping.upsert_field.empty())
    return base::failure(ErrorKind::settings, "The mapping of " + mapping.object +
                                                  " names no external id field, so its records cannot be found by "
                                                  "our key. Set one in the mapping.");
  std::string query = "SELECT Id, IsDeleted, " + mapping.upsert_field + " FROM " + mapping.object + " WHERE " +
                      mapping.upsert_field + " IN (";
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i > 0) query += ',';
    query += quote(keys[i]);
  }
  return query += ')';
}

}  // namespace salesforce::soql
