#include "simulator/org/field_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/time_text.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

std::string_view java_token(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return "VALUE_STRING";
    case json::kind::bool_:
      return value.get_bool() ? "VALUE_TRUE" : "VALUE_FALSE";
    case json::kind::array:
      return "START_ARRAY";
    case json::kind::object:
      return "START_OBJECT";
    case json::kind::double_:
      return "VALUE_NUMBER_FLOAT";
    default:
      return "VALUE_NUMBER_INT";
  }
}

/// As a JSON body answers it; what an upload answers is wrong_text().
std::unexpected<ApiError> wrong_type(const Field& field, const json::value& value) {
  std::string message = "Cannot deserialize instance of " + std::string{name_of(field.type)} + " from " +
                        std::string{java_token(value)} + " value";
  if (value.is_string()) (message += ' ') += std::string_view{value.get_string()}.substr(0, 80);
  message += " or request may be missing a required field";
  return std::unexpected(ApiError{400, "JSON_PARSER_ERROR", std::move(message), {field.name}, true});
}

bool is_email(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos || at == 0 || text.find('@', at + 1) != std::string_view::npos) return false;
  const std::string_view host = text.substr(at + 1), local = text.substr(0, at);
  const auto dot = host.rfind('.');
  const auto bad = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == ',' || c == ';' || c == '<' || c == '>' || c == '"'; };
  return dot != std::string_view::npos && dot > 0 && dot + 1 < host.size() && !host.contains("..") &&
         !local.contains("..") && !local.starts_with('.') && !local.ends_with('.') && std::ranges::none_of(text, bad);
}

std::unexpected<ApiError> wrong_text(const Field& field, std::string_view text) {
  return refusal(400, "INVALID_TYPE_ON_FIELD_IN_RECORD",
                 field.label + ": value not of required type: " + std::string{text}, {field.name});
}

std::unexpected<ApiError> bad_value(const Field& field, std::string_view text) {
  return refusal(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                 field.label + ": bad value for restricted picklist field: " + std::string{text}, {field.name});
}

/// The values of a multi-select picklist, each once, in the picklist's own order; unknown ones come last.
Outcome<Cell> value_set(const Field& field, std::string_view text, base::Arena& arena) {
  constexpr std::size_t most_values = 100;
  std::vector<std::string_view> values;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find(';', from), text.size());
    const std::string_view value = trimmed(text.substr(from, end - from));
    from = end + 1;
    if (value.empty() || std::ranges::find(values, value) != values.end()) continue;
    if (field.restricted && !field.has_value(value)) return bad_value(field, value);
    values.push_back(value);
  }
  if (values.size() > most_values)
    return refusal(400, "TOO_MANY_ENUM_VALUE", field.label + ": too many values, at most 100", {field.name});
  if (unconfirmed::multipicklists_are_sorted)
    std::ranges::stable_sort(values, {}, [&](std::string_view value) {
      return std::ranges::find(field.picklist, value, &PicklistValue::value) - field.picklist.begin();
    });
  std::string joined;
  for (const std::string_view value : values) (joined += joined.empty() ? "" : ";") += value;
  return joined.empty() ? Cell{} : Cell::of(arena.copy(joined));
}

Outcome<Cell> text_value(const Field& field, std::string_view sent, base::Arena& arena) {
  const std::string_view text = unconfirmed::text_is_trimmed ? trimmed(sent) : sent;
  if (text.empty() && unconfirmed::empty_text_becomes_null) return Cell{};
  if (field.type == FieldType::multipicklist) return value_set(field, text, arena);
  if (field.length > 0 && text.size() > field.length && characters(text) > field.length)
    return refusal(400, "STRING_TOO_LONG",
                   field.label + ": data value too large: " + std::string{text} +
                       " (max length=" + std::to_string(field.length) + ")",
                   {field.name});
  if (field.type == FieldType::email && !is_email(text))
    return refusal(400, "INVALID_EMAIL_ADDRESS", field.label + ": invalid email address: " + std::string{text},
                   {field.name});
  if (field.restricted && !field.has_value(text)) return bad_value(field, text);
  return Cell::of(text);
}

Outcome<Cell> number_value(const Field& field, double number) {
  const auto outside = [&] {
    std::string text;
    append_double(text, number, false);
    return refusal(400, "NUMBER_OUTSIDE_VALID_RANGE",
                   field.label + ": value outside of valid range on numeric field: " + text, {field.name});
  };
  if (field.type == FieldType::integer) {
    if (std::abs(number) > 999'999'999) return outside();
    return Cell::of(number);
  }
  const double power = std::pow(10.0, field.scale);
  const double rounded = unconfirmed::numbers_are_rounded_to_scale && std::abs(number) < 1e15 / power
                             ? std::round(number * power) / power
                             : number;
  if (field.precision > 0 && std::abs(rounded) >= std::pow(10.0, field.precision - field.scale)) return outside();
  return Cell::of(rounded + 0.0);
}

bool is_in_range(base::Utc moment) {
  using namespace std::chrono;
  return moment >= base::Utc{sys_days{year{1700} / 1 / 1}} && moment < base::Utc{sys_days{year{4001} / 1 / 1}};
}

/// A date, datetime or time; nothing if `text` is none.
std::optional<Cell> moment_value(const Field& field, std::string_view text, base::Arena& arena) {
  if (field.type == FieldType::time) {
    const auto moment = base::parse_iso("1970-01-01T" + std::string{text});
    if (!moment || text.size() < 5 || text[2] != ':') return std::nullopt;
    return Cell::of(arena.copy(base::to_iso(*moment)).substr(11));
  }
  const bool is_date = field.type == FieldType::date;
  const bool has_form = is_date ? base::is_iso_date(text) : text.size() > 10 && text[10] == 'T';
  const auto moment = has_form ? base::parse_iso(text) : std::nullopt;
  if (!moment || !is_in_range(*moment)) return std::nullopt;
  if (is_date) return Cell::day(std::chrono::floor<std::chrono::days>(*moment).time_since_epoch().count());
  return Cell::at(base::whole_second(*moment).time_since_epoch().count());
}

Outcome<Cell> id_value(const Field& field, std::string_view text, base::Arena& arena) {
  const auto fifteen = parse_id(text);
  if (!fifteen)
    return refusal(400, "MALFORMED_ID", field.label + ": id value of incorrect type: " + std::string{text},
                   {field.name});
  return Cell{.kind = Kind::reference, .text = arena.copy(*fifteen)};
}

std::optional<double> parsed_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<bool> parsed_boolean(std::string_view text) {
  for (const std::string_view yes : {"true", "1", "yes"})
    if (same_name(text, yes)) return true;
  for (const std::string_view no : {"false", "0", "no"})
    if (same_name(text, no)) return false;
  return std::nullopt;
}

}  // namespace

Outcome<Cell> read_json(const Field& field, const json::value& value, base::Arena& arena) {
  if (value.is_null()) {
    if (field.type == FieldType::boolean) return wrong_type(field, value);  // a boolean is never null
    return Cell{};
  }
  if (field.type == FieldType::boolean) {
    if (!value.is_bool()) return wrong_type(field, value);
    return Cell::of(value.get_bool());
  }
  if (field.is_number()) {
    if (!value.is_number() || (field.type == FieldType::integer && value.is_double())) return wrong_type(field, value);
    return number_value(field, value.to_number<double>());
  }
  if (!value.is_string()) return wrong_type(field, value);
  const std::string_view text = value.get_string();
  switch (field.type) {
    case FieldType::date:
    case FieldType::datetime:
    case FieldType::time: {
      if (text.empty()) return Cell{};
      const auto cell = moment_value(field, text, arena);
      return cell ? Outcome<Cell>{*cell} : wrong_type(field, value);
    }
    case FieldType::id:
    case FieldType::reference:
      return text.empty() ? Outcome<Cell>{Cell{}} : id_value(field, text, arena);
    default:
      return text_value(field, text, arena);
  }
}

Outcome<Cell> read_text(const Field& field, std::string_view text, base::Arena& arena) {
  const std::string_view word = trimmed(text);
  if (word.empty()) return Cell{};
  switch (field.type) {
    case FieldType::boolean: {
      const auto truth = parsed_boolean(word);
      return truth ? Outcome<Cell>{Cell::of(*truth)} : wrong_text(field, word);
    }
    case FieldType::integer:
    case FieldType::currency:
    case FieldType::real:
    case FieldType::percent: {
      const auto number = parsed_number(word);
      const bool fits = number && (field.type != FieldType::integer || std::trunc(*number) == *number);
      return fits ? number_value(field, *number) : wrong_text(field, word);
    }
    case FieldType::date:
    case FieldType::datetime:
    case FieldType::time: {
      const auto cell = moment_value(field, word, arena);
      return cell ? Outcome<Cell>{*cell} : wrong_text(field, word);
    }
    case FieldType::id:
    case FieldType::reference:
      return id_value(field, word, arena);
    default:
      return text_value(field, text, arena);
  }
}

}  // namespace simulator
