#include "simulator/org/comparison.h"

#include <algorithm>

#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

using soql::Literal;
using soql::LiteralKind;
using soql::Op;

bool is_range(Op op) {
  return op >= Op::less && op <= Op::greater_equal;
}

bool is_membership(Op op) {
  return op == Op::includes || op == Op::excludes;
}

/// "B;a" → {"a", "b"}
std::vector<std::string> members(std::string_view set) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from <= set.size();) {
    const std::size_t end = std::min(set.find(';', from), set.size());
    out.push_back(folded(trimmed(set.substr(from, end - from))));
    from = end + 1;
  }
  std::ranges::sort(out);
  return out;
}

std::string joined(const std::vector<std::string>& set) {
  std::string out;
  for (const std::string& member : set) (out += member) += ';';
  return out;
}

/// Whether the operator makes sense for the type at all.
bool applies(Op op, const Field& type) {
  const bool is_set = type.type == FieldType::multipicklist;
  if (is_membership(op)) return is_set;
  if (op == Op::like)
    return !is_set && (type.is_text() || type.type == FieldType::picklist || type.type == FieldType::string);
  if (is_range(op)) return !is_set && type.type != FieldType::boolean;
  return true;
}

int sign(int order) {
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

/// Sorts spans and joins those that overlap.
void join(std::vector<std::pair<std::int64_t, std::int64_t>>& spans) {
  std::ranges::sort(spans);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < spans.size(); ++i) {
    if (spans[i].first <= spans[kept].second) {
      spans[kept].second = std::max(spans[kept].second, spans[i].second);
    } else {
      spans[++kept] = spans[i];
    }
  }
  if (!spans.empty()) spans.resize(kept + 1);
}

}  // namespace

Comparison::Comparison(const World& world, const Asking& asking, const Field& type, const std::string& name, Op op,
                       const std::vector<Literal>& values, std::string_view statement, std::size_t at)
    : op_(op), by_case_(type.case_sensitive), is_set_(type.type == FieldType::multipicklist) {
  if (!applies(op, type)) {
    std::string message = is_membership(op)
                              ? std::string{"includes or excludes operator only valid on multipicklist field"}
                              : "invalid operator on " + std::string{name_of(type.type)} + " field";
    throw ApiError{400, "INVALID_QUERY_FILTER_OPERATOR", soql::with_caret(statement, at, message)};
  }
  for (const Literal& literal : values) add(world, asking, type, name, literal, statement, at);
  std::ranges::sort(numbers_);
  join(spans_);
}

void Comparison::add(const World& world, const Asking& asking, const Field& type, const std::string& name,
                     const Literal& literal, std::string_view statement, std::size_t at) {
  const auto refuse = [&](std::string_view code, const std::string& message) {
    throw ApiError{400, std::string{code}, soql::with_caret(statement, at, message)};
  };
  const auto need = [&](bool fits, std::string_view what, bool quotes) {
    if (!fits)
      refuse("INVALID_FIELD", "value of filter criterion for field '" + name + "' must be of type " +
                                  std::string{what} + " and should " + (quotes ? "" : "not ") +
                                  "be enclosed in quotes");
  };
  if (literal.kind == LiteralKind::null) {
    if (is_range(op_) || op_ == Op::like || is_membership(op_))
      refuse("INVALID_QUERY_FILTER_OPERATOR", "invalid operator with null");
    if (type.type == FieldType::boolean) {
      numbers_.push_back(0);  // a boolean is never null
    } else {
      null_ = true;
    }
    return;
  }
  switch (type.type) {
    case FieldType::boolean:
      need(literal.kind == LiteralKind::boolean, "boolean", false);
      numbers_.push_back(literal.truth ? 1 : 0);
      return;
    case FieldType::currency:
      if (literal.kind == LiteralKind::currency)
        refuse("MALFORMED_QUERY", "a value with a currency code needs an org with several currencies: " + literal.word);
      [[fallthrough]];
    case FieldType::real:
    case FieldType::percent:
    case FieldType::integer:
      need(literal.kind == LiteralKind::number, name_of(type.type), false);
      numbers_.push_back(literal.number);
      return;
    case FieldType::date:
    case FieldType::datetime: {
      const bool is_date = type.type == FieldType::date;
      if (literal.kind == LiteralKind::period) {
        const std::int64_t here = asking.zone.local_of(asking.now.time_since_epoch().count());
        const Days days = days_of(literal.period, (here - (here < 0 ? day_ms - 1 : 0)) / day_ms, asking.week_starts);
        if (is_date) {
          spans_.emplace_back(days.first, days.end);
        } else {
          spans_.emplace_back(asking.zone.utc_of_day(days.first), asking.zone.utc_of_day(days.end));
        }
        return;
      }
      need(literal.kind == (is_date ? LiteralKind::date : LiteralKind::datetime), is_date ? "date" : "dateTime", false);
      spans_.emplace_back(literal.moment, literal.moment + 1);
      return;
    }
    case FieldType::id:
    case FieldType::reference: {
      need(literal.kind == LiteralKind::text, "ID", true);
      if (literal.text.empty()) {
        null_ = true;
        return;
      }
      const auto fifteen = parse_id(literal.text);
      if (!fifteen) {
        refuse("INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: " + literal.text);
        return;
      }
      if (const Object* target = world.schema.with_prefix(fifteen->substr(0, 3)))
        if (const std::uint64_t number = number_in(*fifteen, target->prefix); number != 0)
          keys_.insert(RecordKey{target->index, number}.packed());
      id_bound_ = *fifteen;
      return;
    }
    default:
      need(literal.kind == LiteralKind::text, "string", true);
      add_text(type, literal);
  }
}

std::string Comparison::comparable(std::string_view text) const {
  if (is_set_) return joined(members(text));
  return by_case_ ? std::string{text} : folded(text);
}

void Comparison::add_text(const Field& type, const Literal& literal) {
  if (is_membership(op_)) {
    sets_.push_back(members(literal.text));
  } else if (op_ == Op::like) {
    text_ = comparable(literal.text);
  } else if (literal.text.empty()) {
    null_ = true;  // the org stores no empty text
    text_.clear();
  } else {
    texts_.insert(comparable(literal.text));
    if (is_range(op_)) text_ = type.case_sensitive ? literal.text : collated(literal.text);
  }
}

std::vector<std::string> Comparison::index_keys(const Field& field) const {
  std::vector<std::string> out(texts_.begin(), texts_.end());
  for (const double number : numbers_) out.push_back(key_text(field, Cell::of(number)));
  return out;
}

bool Comparison::has(const Cell& cell) const {
  switch (cell.kind) {
    case Kind::null:
      return null_;
    case Kind::boolean:
      return std::ranges::binary_search(numbers_, cell.truth ? 1.0 : 0.0);
    case Kind::number:
      return std::ranges::binary_search(numbers_, cell.number);
    case Kind::date:
    case Kind::datetime: {
      const auto after =
          std::ranges::upper_bound(spans_, cell.moment, {}, &std::pair<std::int64_t, std::int64_t>::first);
      return after != spans_.begin() && cell.moment < std::prev(after)->second;
    }
    case Kind::reference:
      return keys_.contains(cell.key.packed());
    case Kind::text:
      return !texts_.empty() && texts_.contains(comparable(cell.text));
  }
  return false;
}

int Comparison::order_against(const World& world, const Cell& cell) const {
  switch (cell.kind) {
    case Kind::number:
      return cell.number < numbers_.front() ? -1 : cell.number > numbers_.front() ? 1 : 0;
    case Kind::date:
    case Kind::datetime:
      return cell.moment < spans_.front().first ? -1 : cell.moment >= spans_.front().second ? 1 : 0;
    case Kind::reference: {
      const std::string own = id_text(world.prefix(cell.key), cell.key.number);
      return sign(own.compare(0, 15, id_bound_));
    }
    default:
      return sign((by_case_ ? std::string{cell.text} : collated(cell.text)).compare(text_));
  }
}

bool Comparison::includes(const Cell& cell) const {
  const Set own = members(cell.text);
  return std::ranges::any_of(sets_, [&own](const Set& wanted) { return std::ranges::includes(own, wanted); });
}

bool Comparison::holds(const World& world, const Cell& cell) const {
  switch (op_) {
    case Op::equal:
    case Op::in:
      return has(cell);
    case Op::unequal:
    case Op::not_in:
      if (cell.is_null() && !null_) return unconfirmed::unequal_matches_null;
      return !has(cell);
    case Op::like:
      return !cell.is_null() && matches_like(comparable(cell.text), text_);
    case Op::includes:
      return !cell.is_null() && includes(cell);
    case Op::excludes:
      return cell.is_null() ? unconfirmed::unequal_matches_null : !includes(cell);
    case Op::less:
      return !cell.is_null() && order_against(world, cell) < 0;
    case Op::less_equal:
      return !cell.is_null() && order_against(world, cell) <= 0;
    case Op::greater:
      return !cell.is_null() && order_against(world, cell) > 0;
    case Op::greater_equal:
      return !cell.is_null() && order_against(world, cell) >= 0;
  }
  return false;
}

}  // namespace simulator
