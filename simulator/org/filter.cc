#include "simulator/org/filter.h"

#include <algorithm>

#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

using soql::Form;
using soql::LiteralKind;
using soql::Op;

constexpr std::string_view no_such_column_hint =
    "'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please "
    "reference your WSDL or the describe call for the appropriate names.";

std::uint32_t second_of(std::int64_t second) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(second, 0, std::numeric_limits<std::uint32_t>::max()));
}

/// The whole second at or after, and at or before, a moment in milliseconds.
std::int64_t second_from(std::int64_t ms) {
  return ms >= 0 ? (ms + 999) / 1000 : ms / 1000;
}
std::int64_t second_until(std::int64_t ms) {
  return ms >= 0 ? ms / 1000 : (ms - 999) / 1000;
}

bool is_range(Op op) {
  return op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal;
}

bool holds(Op op, int order) {
  switch (op) {
    case Op::less:
      return order < 0;
    case Op::less_equal:
      return order <= 0;
    case Op::greater:
      return order > 0;
    default:
      return order >= 0;
  }
}

std::vector<std::string> split_set(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == ';') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

bool set_has_all(std::string_view set, const std::string& wanted) {
  const auto members = split_set(folded(set));
  return std::ranges::all_of(split_set(wanted), [&](const std::string& one) {
    return std::ranges::find(members, one) != members.end();
  });
}

}  // namespace

Outcome<FieldPath> resolve(const World& world, const Object& object, const soql::Path& path,
                           std::string_view statement) {
  constexpr std::size_t most_levels = 5;
  FieldPath out;
  const Object* here = &object;
  if (path.parts.size() > most_levels + 1)
    return refusal(400, "MALFORMED_QUERY", soql::with_caret(statement, path.at, "too many levels of relationships"));
  for (std::size_t i = 0; i + 1 < path.parts.size(); ++i) {
    const auto hop = here->find_relation(path.parts[i]);
    const Object* next = hop ? world.schema.find(here->fields[*hop].targets.front()) : nullptr;
    if (next == nullptr)
      return refusal(400, "INVALID_FIELD",
                     soql::with_caret(statement, path.at,
                                      "Didn't understand relationship '" + path.parts[i] +
                                          "' in field path. If you are attempting to use a custom relationship, be "
                                          "sure to append the '__r' after the custom relationship name. Please "
                                          "reference your WSDL or the describe call for the appropriate names."));
    out.hops.push_back(*hop);
    here = next;
  }
  const auto field = here->find(path.parts.back());
  if (!field)
    return refusal(400, "INVALID_FIELD",
                   soql::with_caret(statement, path.at,
                                    "No such column '" + path.parts.back() + "' on entity '" + here->name +
                                        std::string{no_such_column_hint}));
  out.field = *field;
  out.description = &here->fields[*field];
  return out;
}

Outcome<Filter> Filter::make(const World& world, const Object& object, const soql::Condition& condition,
                             std::string_view statement) {
  if (condition.form == Form::comparison) return make_comparison(world, object, condition, statement);
  Filter out;
  out.form_ = condition.form;
  for (const soql::Condition& part : condition.parts) {
    auto made = make(world, object, part, statement);
    if (!made) return made;
    out.parts_.push_back(*std::move(made));
  }
  return out;
}

Outcome<Filter> Filter::make_comparison(const World& world, const Object& object, const soql::Condition& condition,
                                        std::string_view statement) {
  Filter out;
  auto path = resolve(world, object, condition.field, statement);
  if (!path) return std::unexpected(std::move(path).error());
  out.path_ = *std::move(path);
  out.op_ = condition.op;
  const Field& field = *out.path_.description;
  if (!field.targets.empty()) {
    if (!field.target_objects.empty()) out.prefix_ = world.schema[field.target_objects.front()].prefix;
  } else {
    const Object* owner = &object;
    for (const std::size_t hop : out.path_.hops) owner = world.schema.find(owner->fields[hop].targets.front());
    out.prefix_ = owner->prefix;
  }
  const auto refuse = [&](std::string_view why) {
    return refusal(400, "INVALID_FIELD", soql::with_caret(statement, condition.field.at, why));
  };
  if (!field.filterable || field.type == FieldType::address)
    return refuse("field '" + field.name + "' can not be filtered in a query call");
  const bool is_text = field.is_text() && field.type != FieldType::address;
  if (out.op_ == Op::includes || out.op_ == Op::excludes)
    return refuse("includes or excludes operator only valid on multipicklist field");
  if (out.op_ == Op::like && !is_text) return refuse("invalid operator on " + std::string{name_of(field.type)} + " field");
  if (is_range(out.op_) && field.type == FieldType::boolean) return refuse("invalid operator on boolean field");
  for (const soql::Literal& literal : condition.values) {
    if (literal.kind == LiteralKind::null && is_range(out.op_)) return refuse("invalid operator with null");
    if (auto added = out.add_value(world, literal, statement); !added) return std::unexpected(std::move(added).error());
  }
  return out;
}

Outcome<void> Filter::add_value(const World& world, const soql::Literal& literal, std::string_view statement) {
  const Field& field = *path_.description;
  const auto wrong = [&](std::string_view what, bool quotes) {
    return refusal(400, "INVALID_FIELD",
                   soql::with_caret(statement, literal.at,
                                    "value of filter criterion for field '" + field.name + "' must be of type " +
                                        std::string{what} + " and should " + (quotes ? "" : "not ") +
                                        "be enclosed in quotes"));
  };
  if (literal.kind == LiteralKind::null) {
    if (field.type == FieldType::boolean) {
      numbers_.push_back(0);  // a boolean is never null
    } else {
      null_ = true;
    }
    return {};
  }
  switch (field.type) {
    case FieldType::boolean:
      if (literal.kind != LiteralKind::boolean) return wrong("boolean", false);
      numbers_.push_back(literal.truth ? 1 : 0);
      return {};
    case FieldType::currency:
    case FieldType::real:
    case FieldType::percent:
    case FieldType::integer:
      if (literal.kind != LiteralKind::number) return wrong(name_of(field.type), false);
      numbers_.push_back(literal.number);
      return {};
    case FieldType::date:
      if (literal.kind != LiteralKind::date) return wrong("date", false);
      moments_.push_back(literal.moment);
      return {};
    case FieldType::datetime:
      if (literal.kind != LiteralKind::datetime) return wrong("dateTime", false);
      moments_.push_back(literal.moment);
      return {};
    case FieldType::id:
    case FieldType::reference: {
      if (literal.kind != LiteralKind::text) return wrong("ID", true);
      if (literal.text.empty()) {
        null_ = true;
        return {};
      }
      const auto fifteen = parse_id(literal.text);
      if (!fifteen)
        return refusal(400, "INVALID_QUERY_FILTER_OPERATOR",
                       soql::with_caret(statement, literal.at, "invalid ID field: " + literal.text));
      const Object* target = world.schema.with_prefix(fifteen->substr(0, 3));
      if (target != nullptr)
        if (const std::uint64_t number = number_in(*fifteen, target->prefix); number != 0)
          keys_.insert(RecordKey{target->index, number}.packed());
      number_bound_ = number_up_to(*fifteen, prefix_, bound_exact_);
      return {};
    }
    default:
      if (literal.kind != LiteralKind::text) return wrong(name_of(field.type), true);
      text_ = folded(op_ == Op::like ? literal.like : literal.text);
      if (literal.text.empty() && op_ != Op::like) {
        null_ = true;  // the org stores no empty text
      } else {
        texts_.insert(text_);
      }
      return {};
  }
}

bool Filter::has(const Cell& cell) const {
  switch (cell.kind) {
    case Kind::null:
      return null_;
    case Kind::boolean:
      return std::ranges::find(numbers_, cell.truth ? 1.0 : 0.0) != numbers_.end();
    case Kind::number:
      return std::ranges::find(numbers_, cell.number) != numbers_.end();
    case Kind::date:
    case Kind::datetime:
      return std::ranges::find(moments_, cell.moment) != moments_.end();
    case Kind::reference:
      return keys_.contains(cell.key.packed());
    case Kind::text:
      return !texts_.empty() && texts_.contains(folded(cell.text));
  }
  return false;
}

int Filter::order_against(const Cell& cell) const {
  const auto order = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
  switch (cell.kind) {
    case Kind::number:
      return order(cell.number, numbers_.front());
    case Kind::date:
    case Kind::datetime:
      return order(cell.moment, moments_.front());
    case Kind::reference:
      if (cell.key.number == number_bound_ && !bound_exact_) return -1;
      return order(cell.key.number, number_bound_);
    default:
      return order(folded(cell.text), text_);
  }
}

bool Filter::compare(const Cell& cell) const {
  switch (op_) {
    case Op::equal:
    case Op::in:
      return has(cell);
    case Op::unequal:
    case Op::not_in:
      if (cell.is_null() && !null_) return unconfirmed::unequal_matches_null;
      return !has(cell);
    case Op::like:
      return !cell.is_null() && matches_like(folded(cell.text), text_);
    case Op::includes:
      return std::ranges::any_of(texts_, [&](const std::string& set) { return set_has_all(cell.text, set); });
    case Op::excludes:
      return std::ranges::none_of(texts_, [&](const std::string& set) { return set_has_all(cell.text, set); });
    default:
      return !cell.is_null() && holds(op_, order_against(cell));
  }
}

bool Filter::matches(const World& world, RecordKey record, base::Arena& arena) const {
  switch (form_) {
    case Form::both:
      return std::ranges::all_of(parts_, [&](const Filter& part) { return part.matches(world, record, arena); });
    case Form::either:
      return std::ranges::any_of(parts_, [&](const Filter& part) { return part.matches(world, record, arena); });
    case Form::negation:
      return !parts_.front().matches(world, record, arena);
    case Form::comparison:
      return compare(world.cell(record, path_, arena));
  }
  return false;
}

Bounds Filter::bounds() const {
  Bounds out;
  if (form_ == Form::both) {
    for (const Filter& part : parts_) {
      const Bounds b = part.bounds();
      out.first = std::max(out.first, b.first);
      out.last = std::min(out.last, b.last);
      out.after = std::max(out.after, b.after);
      out.after_number = std::max(out.after_number, b.after_number);
    }
    out.after = std::max(out.after, Place{out.first, 0});
    // Within one second the id alone says where to go on.
    if (out.first == out.last) out.after = std::max(out.after, Place{out.first, out.after_number});
    return out;
  }
  if (form_ == Form::either) {
    out = parts_.front().bounds();
    for (const Filter& part : parts_) {
      const Bounds b = part.bounds();
      out.first = std::min(out.first, b.first);
      out.last = std::max(out.last, b.last);
      out.after = std::min(out.after, b.after);
      out.after_number = std::min(out.after_number, b.after_number);
    }
    return out;
  }
  if (form_ != Form::comparison || !path_.hops.empty() || path_.description == nullptr) return out;
  if (path_.description->source == Source::id) {
    if (op_ == Op::greater) out.after_number = number_bound_;
    if (op_ == Op::greater_equal && number_bound_ > 0) out.after_number = number_bound_ - (bound_exact_ ? 1 : 0);
    return out;
  }
  if (path_.description->source != Source::stamp || moments_.size() != 1) return out;
  const std::int64_t moment = moments_.front();
  switch (op_) {
    case Op::equal:
      out.first = second_of(second_from(moment));
      out.last = second_of(second_until(moment));
      break;
    case Op::greater:
      out.first = second_of(second_until(moment) + 1);
      break;
    case Op::greater_equal:
      out.first = second_of(second_from(moment));
      break;
    case Op::less:
      out.last = second_of(second_from(moment) - 1);
      break;
    case Op::less_equal:
      out.last = second_of(second_until(moment));
      break;
    default:
      break;
  }
  out.after = {out.first, 0};
  return out;
}

std::optional<std::vector<std::uint64_t>> Filter::candidates(const World& world, const Object& object) const {
  if (form_ == Form::both) {
    for (const Filter& part : parts_)
      if (auto found = part.candidates(world, object)) return found;
    return std::nullopt;
  }
  if (form_ != Form::comparison || (op_ != Op::equal && op_ != Op::in) || null_ || !path_.hops.empty())
    return std::nullopt;
  std::vector<std::uint64_t> out;
  const Table& table = world.tables[object.index];
  if (path_.description->source == Source::id) {
    for (const std::uint64_t packed : keys_) {
      const RecordKey key = RecordKey::unpacked(packed);
      if (key.object == object.index && table.exists(key.number)) out.push_back(key.number);
    }
  } else if (table.is_indexed(path_.field)) {
    for (const std::string& text : texts_)
      for (const std::uint64_t number : table.find(path_.field, text)) out.push_back(number);
  } else {
    return std::nullopt;
  }
  std::ranges::sort(out);
  const auto again = std::ranges::unique(out);
  out.erase(again.begin(), again.end());
  return out;
}

}  // namespace simulator
