#include "store/sqlite/values.h"

#include <sqlite3.h>

#include <charconv>

namespace store {
namespace {

using model::FieldKind;

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// True if a double holds this plain decimal and gives it back.
bool survives_as_double(std::string_view text, double number) {
  char spelt[400];
  const auto [end, error] = std::to_chars(spelt, spelt + sizeof spelt, number, std::chars_format::fixed);
  return error == std::errc{} && std::string_view{spelt, static_cast<std::size_t>(end - spelt)} == text;
}

bool looks_like_a_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("+-.0123456789eE") == std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

std::string too_precise(const Column& column) {
  return "column " + column.name + " (" + column.type + ") cannot hold the value exactly: declare it TEXT";
}

std::string bind_number(Statement& statement, int at, const Column& column, std::string_view text) {
  if (column.affinity != Affinity::real) {
    if (const auto whole = parse<std::int64_t>(text)) {
      statement.bind(at, *whole);
      return {};
    }
  }
  const auto number = parse<double>(text);
  if (!number || !survives_as_double(text, *number)) return too_precise(column);
  statement.bind(at, *number);
  return {};
}

}  // namespace

std::optional<std::string_view> raw_text(const Statement& row, int column, base::Arena& arena, bool& is_blob) {
  is_blob = false;
  char spelt[400];
  char* end = nullptr;
  switch (row.type(column)) {
    case SQLITE_NULL:
      return std::nullopt;
    case SQLITE_TEXT:
      return arena.copy(row.text(column));
    case SQLITE_INTEGER:
      end = std::to_chars(spelt, spelt + sizeof spelt, row.integer(column)).ptr;
      break;
    case SQLITE_FLOAT:
      end = std::to_chars(spelt, spelt + sizeof spelt, row.real(column), std::chars_format::fixed).ptr;
      break;
    default:
      is_blob = true;
      return std::nullopt;
  }
  return arena.copy({spelt, static_cast<std::size_t>(end - spelt)});
}

std::string bind_cell(Statement& statement, int at, const model::FieldMapping& field, const Column& column,
                      const model::Cell& cell) {
  const FieldKind kind = field.column_kind();
  if (!cell.has_text()) {
    // To the org blank text and null are one.
    const bool blank = column.not_null && column.affinity == Affinity::text;
    if (blank && (model::is_text(kind) || kind == FieldKind::multi)) {
      statement.bind(at, std::string_view{});
    } else {
      statement.bind_null(at);
    }
    return {};
  }
  const std::string_view text = cell.text();
  if (column.affinity != Affinity::text) {
    if (kind == FieldKind::boolean) {
      statement.bind(at, std::int64_t{text == "true"});
      return {};
    }
    if (kind == FieldKind::number) return bind_number(statement, at, column, text);
    // The column would turn "007" into 7.
    if (is_numeric(column.affinity) && looks_like_a_number(text)) {
      const auto whole = parse<std::int64_t>(text);
      const auto number = parse<double>(text);
      if (number && !(whole && std::to_string(*whole) == text) && !survives_as_double(text, *number))
        return too_precise(column);
      if (column.affinity == Affinity::real && number && !survives_as_double(text, *number)) return too_precise(column);
    }
  }
  statement.bind(at, text);
  return {};
}

bool is_clean_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
    const unsigned first = byte(i);
    if (first < 0x80) {
      if (first == 0) return false;
      ++i;
      continue;
    }
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    // Too long a spelling, a surrogate, or beyond Unicode.
    const unsigned second = byte(i + 1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
        (first == 0xF4 && second > 0x8F))
      return false;
    i += length;
  }
  return true;
}

std::string_view allowed_in(const model::FieldType& type) {
  switch (type.kind) {
    case FieldKind::text:
    case FieldKind::email:
    case FieldKind::phone:
      return "text";
    case FieldKind::time:
      return "a time such as 10:15:30";
    case FieldKind::boolean:
      return "true, false, 1 or 0";
    case FieldKind::number:
      return "a decimal number";
    case FieldKind::date:
      return "a date such as 2026-01-31";
    case FieldKind::datetime:
      return "a date and time such as 2026-01-31T10:11:12Z";
    case FieldKind::multi:
      return "values separated by semicolons";
    case FieldKind::reference:
      return "the key of a row of the parent table";
  }
  return "text";
}

void bind_key(Statement& statement, int at, std::string_view key, Affinity column, Affinity key_column) {
  if (column == Affinity::none && is_numeric(key_column)) {
    if (const auto number = parse<std::int64_t>(key)) {
      statement.bind(at, *number);
      return;
    }
  }
  statement.bind(at, key);
}

}  // namespace store
