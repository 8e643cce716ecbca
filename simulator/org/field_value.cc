#include "simulator/org/field_value.h"

#include <algorithm>
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

Outcome<Value> text_value(const Field& field, std::string_view sent) {
  const std::string_view text = unconfirmed::text_is_trimmed ? trimmed(sent) : sent;
  if (text.empty() && unconfirmed::empty_text_becomes_null) return Value{};
  if (characters(text) > field.length)
    return refusal(400, "STRING_TOO_LONG",
                   field.label + ": data value too large: " + std::string{text} +
                       " (max length=" + std::to_string(field.length) + ")",
                   {field.name});
  if (field.type == FieldType::email && !is_email(text))
    return refusal(400, "INVALID_EMAIL_ADDRESS", field.label + ": invalid email address: " + std::string{text},
                   {field.name});
  if (field.restricted && std::ranges::find(field.picklist, text) == field.picklist.end())
    return refusal(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                   field.label + ": bad value for restricted picklist field: " + std::string{text}, {field.name});
  return Value{Cell{.kind = Kind::text}, std::string{text}};
}

Outcome<Value> number_value(const Field& field, double number) {
  if (field.type == FieldType::integer) {
    if (std::abs(number) > 999'999'999)
      return refusal(400, "NUMBER_OUTSIDE_VALID_RANGE",
                     field.label + ": value outside of valid range on numeric field: " + std::to_string(number),
                     {field.name});
    return Value{Cell::of(number)};
  }
  const double power = std::pow(10.0, field.scale);
  const double largest = std::pow(10.0, field.precision - field.scale);
  const double rounded = unconfirmed::numbers_are_rounded_to_scale && std::abs(number) < 1e15 / power
                             ? std::round(number * power) / power
                             : number;
  if (std::abs(rounded) >= largest)
    return refusal(400, "NUMBER_OUTSIDE_VALID_RANGE",
                   field.label + ": value outside of valid range on numeric field: " + std::to_string(number),
                   {field.name});
  return Value{Cell::of(rounded + 0.0)};
}

bool is_in_range(base::Utc moment) {
  using namespace std::chrono;
  return moment >= base::Utc{sys_days{year{1700} / 1 / 1}} && moment < base::Utc{sys_days{year{4001} / 1 / 1}};
}

}  // namespace

Outcome<Value> read_field_value(const Field& field, const json::value& value) {
  if (value.is_null()) {
    if (field.type == FieldType::boolean) return wrong_type(field, value);  // a boolean is never null
    return Value{};
  }
  switch (field.type) {
    case FieldType::boolean:
      if (!value.is_bool()) return wrong_type(field, value);
      return Value{Cell::of(value.get_bool())};
    case FieldType::integer:
    case FieldType::currency:
    case FieldType::real:
    case FieldType::percent: {
      if (!value.is_number() || (field.type == FieldType::integer && value.is_double())) return wrong_type(field, value);
      return number_value(field, value.to_number<double>());
    }
    case FieldType::date: {
      if (!value.is_string()) return wrong_type(field, value);
      const std::string_view text = value.get_string();
      if (text.empty()) return Value{};
      const auto moment = base::is_iso_date(text) ? base::parse_iso(text) : std::nullopt;
      if (!moment || !is_in_range(*moment)) return wrong_type(field, value);
      return Value{Cell::day(std::chrono::floor<std::chrono::days>(*moment).time_since_epoch().count())};
    }
    case FieldType::datetime: {
      if (!value.is_string()) return wrong_type(field, value);
      const std::string_view text = value.get_string();
      if (text.empty()) return Value{};
      const auto moment = text.size() > 10 && text[10] == 'T' ? base::parse_iso(text) : std::nullopt;
      if (!moment || !is_in_range(*moment)) return wrong_type(field, value);
      return Value{Cell::at(base::whole_second(*moment).time_since_epoch().count())};
    }
    case FieldType::id:
    case FieldType::reference: {
      if (!value.is_string()) return wrong_type(field, value);
      const std::string_view text = value.get_string();
      if (text.empty()) return Value{};
      auto fifteen = parse_id(text);
      if (!fifteen)
        return refusal(400, "MALFORMED_ID", field.label + ": id value of incorrect type: " + std::string{text},
                       {field.name});
      return Value{Cell{.kind = Kind::reference}, *std::move(fifteen)};
    }
    default:
      if (!value.is_string()) return wrong_type(field, value);
      return text_value(field, value.get_string());
  }
}

}  // namespace simulator
