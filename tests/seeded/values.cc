#include "values.h"

#include <cmath>
#include <cstdlib>

#include "base/time_text.h"
#include "sides.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;
using model::FieldKind;

constexpr base::Utc first_day{std::chrono::sys_days{std::chrono::year{2030} / 1 / 1}};
constexpr base::Utc first_minute{std::chrono::sys_days{std::chrono::year{2040} / 1 / 1}};

int number_of(const std::string& edit) {
  return std::atoi(edit.c_str() + 1);
}

std::string edit_named(long long number) {
  return "v" + std::to_string(number);
}

bool is_edit(std::string_view text) {
  return text.size() > 1 && (text[0] == 'v' || text[0] == 'V') && text[1] >= '0' && text[1] <= '9';
}

/// An amount is the edit's number and a quarter.
std::optional<std::string> edit_in_number(const std::string& text) {
  char* end = nullptr;
  const double cents = std::round(std::strtod(text.c_str(), &end) * 100);
  const auto whole = static_cast<long long>(cents);
  return *end == '\0' && whole > 0 && whole % 100 == 25 ? std::optional{edit_named(whole / 100)} : std::nullopt;
}

std::optional<std::string> edit_in_moment(const std::string& text) {
  const auto moment = base::parse_iso(text);
  if (!moment || *moment < first_day) return std::nullopt;
  if (*moment < first_minute - 24h) return edit_named((*moment - first_day) / 24h);
  return edit_named((*moment - first_minute) / 1min);
}

/// The edit's name among two values that every edit chooses, each once.
std::optional<std::string> edit_in_choices(const std::string& text) {
  std::string edit;
  std::size_t others = 0, count = 0;
  for (std::size_t at = 0; at <= text.size(); ++count) {
    const auto end = std::min(text.find(';', at), text.size());
    std::string_view value{text.data() + at, end - at};
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    if (is_edit(value)) edit = value;
    others += value == "alpha" ? 1 : value == "omega" ? 2 : 0;
    at = end + 1;
  }
  return count == 3 && others == 3 && !edit.empty() ? std::optional{edit} : std::nullopt;
}

}  // namespace

std::string spelt_in_store(const FieldSpec& field, const std::string& edit) {
  const int number = number_of(edit);
  switch (field.kind) {
    case FieldKind::number:
      return std::to_string(number) + (number % 3 == 0 ? ".25" : number % 3 == 1 ? ".2451" : "25e-2");
    case FieldKind::date:
      return base::to_iso(first_day + 24h * number).substr(0, number % 2 == 0 ? 10 : 19);
    case FieldKind::datetime: {
      const base::Utc moment = first_minute + 1min * number;
      if (number % 3 == 0) return base::to_iso(moment + 250ms);
      const auto ahead = number % 3 == 1 ? 2h : -5h;
      return base::to_iso(moment + ahead).substr(0, 19) + (number % 3 == 1 ? "+02:00" : "-05:00");
    }
    case FieldKind::multi:
      return number % 2 == 0 ? edit + ";omega;alpha" : "omega; alpha ;" + edit;
    default:
      break;
  }
  if (!field.transform.empty()) return edit + (number % 2 == 0 ? "   and much more than fits" : "  a");
  if (field.kind == FieldKind::email && (edit.back() - '0') % 2 == 0) return 'V' + edit.substr(1);
  return edit;
}

std::string spelt_in_org(const FieldSpec& field, const std::string& edit) {
  if (field.kind == FieldKind::text) return field.transform.empty() ? edit : edit + " org";
  if (field.kind == FieldKind::email) return edit;
  return *kept_by_org(field, spelt_in_store(field, edit));
}

Text kept_by_org(const FieldSpec& field, Text value) {
  if (field.kind == FieldKind::email) return folded(std::move(value));
  if (field.kind == FieldKind::boolean) return value == "true" || value == "1" ? "true" : "false";
  if (!value) return value;
  const std::string edit = *folded(value);
  const auto number = [&] { return number_of(edit); };
  switch (is_edit(edit) ? field.kind : FieldKind::text) {
    case FieldKind::number:
      return std::to_string(number()) + ".25";
    case FieldKind::date:
      return base::to_iso(first_day + 24h * number()).substr(0, 10);
    case FieldKind::datetime:
      return base::to_iso(first_minute + 1min * number()).substr(0, 23) + "+0000";
    case FieldKind::multi:
      return "alpha;" + edit + ";omega";
    default:
      break;
  }
  if (field.length > 0) {
    while (value->ends_with(' ')) value->pop_back();
    value->resize(std::min<std::size_t>(value->size(), static_cast<std::size_t>(field.length)));
  }
  return value;
}

Text folded(Text value) {
  if (!value || value->empty()) return value;
  std::optional<std::string> edit;
  if (value->find(';') != std::string::npos) {
    edit = edit_in_choices(*value);
  } else if (is_edit(*value)) {
    value->front() = 'v';
    if (const auto end = value->find(' '); end != std::string::npos) value->resize(end);
  } else if (value->front() >= '0' && value->front() <= '9' && value->find_first_of(".-e") != std::string::npos) {
    edit = edit_in_number(*value);
    if (!edit) edit = edit_in_moment(*value);
  }
  return edit ? edit : value;
}

Text folded(const FieldSpec& field, Text value) {
  if (field.kind != FieldKind::boolean) return folded(std::move(value));
  return value == "true" || value == "1" || value == "yes" ? "yes" : "no";
}

}  // namespace seeded
