#include "salesforce/filter_check.h"

#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "model/ids.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using soql::Condition;
using soql::Literal;
using soql::Operator;

/// What may be compared through a reference to one of several objects.
/// Source: SOQL and SOSL Reference, "Name" object: its fields are those that all targets have.
constexpr std::array<std::string_view, 9> fields_of_any = {"Id",    "Name",     "Type",     "FirstName", "LastName",
                                                           "Email", "Username", "IsActive", "Phone"};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

enum class Family { text, number, boolean, date, datetime, record, multi, other };

Family family_of(std::string_view type) {
  if (type == "boolean") return Family::boolean;
  if (type == "int" || type == "long" || type == "double" || type == "currency" || type == "percent")
    return Family::number;
  if (type == "date") return Family::date;
  if (type == "datetime") return Family::datetime;
  if (type == "id" || type == "reference") return Family::record;
  if (type == "multipicklist") return Family::multi;
  if (type == "time" || type == "base64" || type == "address" || type == "location" || type == "complexvalue")
    return Family::other;
  return Family::text;
}

std::string_view wanted_by(Family family) {
  switch (family) {
    case Family::text:
    case Family::multi: return "a text in single quotes";
    case Family::number: return "a number without quotes";
    case Family::boolean: return "true or false without quotes";
    case Family::date: return "a date without quotes, such as 2026-01-31";
    case Family::datetime: return "a moment without quotes, such as 2026-01-31T10:11:12Z";
    case Family::record: return "a record id of 15 or 18 characters in single quotes";
    case Family::other: return "only null";
  }
  return {};
}

bool takes(Family family, const Literal& value) {
  using Kind = Literal::Kind;
  if (value.kind == Kind::null) return family != Family::boolean;
  switch (family) {
    case Family::text:
    case Family::multi: return value.kind == Kind::text;
    case Family::number: return value.kind == Kind::number;
    case Family::boolean: return value.kind == Kind::boolean;
    case Family::date: return value.kind == Kind::date || value.kind == Kind::relative;
    case Family::datetime: return value.kind == Kind::datetime || value.kind == Kind::relative;
    case Family::record: return value.kind == Kind::text && model::RecordId::parse(value.text).has_value();
    case Family::other: return false;
  }
  return false;
}

/// Why the field's values cannot be compared so; empty when they can.
std::string_view objection(Family family, Operator op) {
  switch (op) {
    case Operator::equal:
    case Operator::unequal: return {};
    case Operator::in:
    case Operator::not_in: return family == Family::boolean ? "compare it with = or !=" : "";
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal:
      return family == Family::boolean || family == Family::multi ? "its values have no order" : "";
    case Operator::like: return family == Family::text ? "" : "LIKE is for texts";
    case Operator::includes:
    case Operator::excludes: return family == Family::multi ? "" : "INCLUDES and EXCLUDES are for multi-select picklists";
  }
  return {};
}

std::string shown(const Literal& value) {
  if (value.kind == Literal::Kind::null) return "null";
  std::string text = value.text.substr(0, 40);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  return value.kind == Literal::Kind::text ? "'" + text + "'" : text;
}

class Check {
 public:
  Check(std::string_view filter, std::string_view object, const Describe& describe)
      : filter_(filter), object_(object), describe_(describe) {}

  base::Result<void> visit(const Condition& condition) {
    for (const Condition& part : condition.parts) RETURN_IF_ERROR(visit(part));
    if (condition.form != Condition::Form::comparison) return {};
    ASSIGN_OR_RETURN(const DescribedField* const field, find(condition));
    if (field == nullptr) return {};  // through a reference to several objects: the name is known, the type is not
    if (!field->filterable)
      return refuse(condition.at, condition.field + " (" + field->type +
                                      ") cannot be used in a filter in Salesforce; use another field, such as a formula "
                                      "of it");
    const Family family = family_of(field->type);
    if (const std::string_view why = objection(family, condition.op); !why.empty())
      return refuse(condition.at, condition.field + " is of type " + field->type + ": " + std::string{why});
    for (const Literal& value : condition.values) {
      if (!takes(family, value))
        return refuse(value.at, condition.field + " is of type " + field->type + " and takes " +
                                    std::string{wanted_by(family)} + ", not " + shown(value));
      if (value.kind == Literal::Kind::relative)
        warnings.push_back(condition.field + " is compared with " + value.text +
                           ": records come into the filter and leave it as days go by, without being changed, and a "
                           "run notices that only when it reads all of them");
    }
    return {};
  }

  std::vector<std::string> warnings;

 private:
  std::unexpected<base::Error> refuse(std::size_t at, const std::string& why) const {
    return base::failure(ErrorKind::settings, soql::place_in(filter_, at) + ": " + why);
  }

  std::unexpected<base::Error> unknown(const Condition& condition, std::string_view name, const std::string& object,
                                       const std::vector<std::string>& names, std::string_view what) const {
    const std::string* const meant = base::nearest(name, names);
    return refuse(condition.at, "there is no " + std::string{what} + " " + std::string{name} + " on " + object +
                                    (meant != nullptr ? "; did you mean " + *meant + "?"
                                                      : ", or the integration user may not see it"));
  }

  /// The described field of a comparison; null where several objects may be meant.
  base::Result<const DescribedField*> find(const Condition& condition) const {
    ASSIGN_OR_RETURN(const DescribedObject* object, describe_(object_));
    std::string_view path = condition.field;
    while (true) {
      const auto dot = path.find('.');
      const std::string_view name = path.substr(0, dot);
      if (dot == std::string_view::npos) {
        const auto field = std::ranges::find_if(
            object->fields, [&](const DescribedField& each) { return equal_ignoring_case(each.name, name); });
        if (field != object->fields.end()) return &*field;
        std::vector<std::string> names;
        for (const DescribedField& each : object->fields) names.push_back(each.name);
        return unknown(condition, name, object->name, names, "field");
      }
      path.remove_prefix(dot + 1);
      const auto relation = std::ranges::find_if(object->fields, [&](const DescribedField& each) {
        return !each.relationship_name.empty() && equal_ignoring_case(each.relationship_name, name);
      });
      if (relation == object->fields.end()) {
        std::vector<std::string> names;
        for (const DescribedField& each : object->fields)
          if (!each.relationship_name.empty()) names.push_back(each.relationship_name);
        return unknown(condition, name, object->name, names, "relation");
      }
      if (relation->reference_to.size() != 1) {
        if (std::ranges::any_of(fields_of_any, [&](std::string_view known) { return equal_ignoring_case(known, path); }))
          return nullptr;
        return refuse(condition.at, std::string{name} + " may be one of several objects, so only " +
                                        "Id, Name, Type and the like can be compared through it, not " +
                                        std::string{path});
      }
      ASSIGN_OR_RETURN(object, describe_(relation->reference_to.front()));
    }
  }

  const std::string_view filter_;
  const std::string_view object_;
  const Describe& describe_;
};

}  // namespace

base::Result<std::vector<std::string>> check_filter(std::string_view filter, std::string_view object,
                                                    const Describe& describe) {
  ASSIGN_OR_RETURN(const Condition condition, soql::parse_condition(filter));
  Check check{filter, object, describe};
  RETURN_IF_ERROR(check.visit(condition));
  return std::move(check.warnings);
}

}  // namespace salesforce
