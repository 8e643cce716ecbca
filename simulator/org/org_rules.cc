#include <boost/json.hpp>
#include <cmath>

#include "simulator/org/field_value.h"
#include "simulator/org/org.h"

namespace simulator {
namespace {

/// What a formula gave, as a field of this type holds it. Null if it does not fit.
Cell fitted(const Field& field, const Cell& cell, base::Arena& arena) {
  if (cell.is_null()) return field.type == FieldType::boolean ? Cell::of(false) : Cell{};
  if (field.is_number() && cell.kind == Kind::number) {
    const double power = std::pow(10.0, field.type == FieldType::integer ? 0 : field.scale);
    return Cell::of(std::round(cell.number * power) / power + 0.0);
  }
  if (field.type == FieldType::boolean) return cell.kind == Kind::boolean ? cell : Cell{};
  if (field.type == FieldType::date) return cell.kind == Kind::date ? cell : Cell{};
  if (field.type == FieldType::datetime) return cell.kind == Kind::datetime ? cell : Cell{};
  if (cell.kind != Kind::text) return Cell{};
  const auto text = read_text(field, cell.text, arena);
  return text ? *text : Cell{};
}

struct RollUp {
  Schema::Child children;
  std::string operation;
  std::optional<std::size_t> of;
  std::optional<Formula> where;
};

Cell rolled_up(const World& world, const base::Clock& clock, const RollUp& roll_up, RecordKey parent, base::Arena& arena) {
  const Table& rows = world.tables[roll_up.children.object->index];
  double count = 0, sum = 0;
  Cell best;
  for (const std::uint64_t number : rows.children(roll_up.children.field, parent)) {
    if (rows.is_deleted(number)) continue;
    if (roll_up.where && !roll_up.where->holds({world, {rows.object().index, number}, nullptr, clock.now()})) continue;
    count += 1;
    if (!roll_up.of) continue;
    const Cell cell = rows.cell(number, *roll_up.of, arena);
    if (cell.is_null()) continue;
    sum += cell.number;
    const auto less = [](const Cell& a, const Cell& b) { return a.number != b.number ? a.number < b.number : a.moment < b.moment; };
    if (best.is_null() || (roll_up.operation == "min" ? less(cell, best) : less(best, cell))) best = cell;
  }
  if (roll_up.operation == "count") return Cell::of(count);
  return roll_up.operation == "sum" ? Cell::of(sum) : best;
}

}  // namespace

Outcome<void> Org::set_rules(std::string_view text) {
  auto parsed = Rules::parse(schema(), text);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  rules_ = *std::move(parsed);
  for (const Rules::Computed& each : rules_.computed()) compute(each);
  return {};
}

void Org::compute(const Rules::Computed& rule) {
  const Object& object = schema()[rule.object];
  auto place = object.find_any(rule.field.name);
  if (!place) {
    Field made = rule.field;
    made.calculated = true;
    complete(object, made);
    place = world_.schema.add_field(rule.object, std::move(made));
  }
  Field& field = world_.schema.field(rule.object, *place);
  field.calculated = true;
  field.createable = field.updateable = field.required = false;
  field.source = Source::formula;
  field.formula = rule.formula;
  field.described.clear();  // it is no longer what the file says
  auto& slot = world_.computed[{rule.object, *place}];
  if (rule.children) {
    auto roll_up = std::make_shared<RollUp>(RollUp{*rule.children, rule.operation, rule.of, {}});
    if (!rule.where.empty()) roll_up->where = *Formula::parse(schema(), *rule.children->object, rule.where);
    slot = [this, roll_up, &field](RecordKey record, base::Arena& arena) {
      return fitted(field, rolled_up(world_, clock_, *roll_up, record, arena), arena);
    };
  } else {
    compute_by(rule.object, *place, *Formula::parse(schema(), object, rule.formula));
  }
}

void Org::compute_by(std::uint16_t object, std::size_t place, Formula parsed) {
  const Field& field = schema()[object].fields[place];
  auto formula = std::make_shared<Formula>(std::move(parsed));
  world_.computed[{object, place}] = [this, formula, &field](RecordKey record, base::Arena& arena) {
    constexpr int deepest = 20;  // two formulas that need each other give null
    if (formula_depth_ == deepest) return Cell{};
    ++formula_depth_;
    const Cell cell = fitted(field, formula->evaluate({world_, record, nullptr, clock_.now()}, arena), arena);
    --formula_depth_;
    return cell;
  };
}

/// Formulas that describe files tell, as far as they can be understood. The others, and roll-ups, of which describe
/// says nothing, keep what set_silently() gives them.
void Org::compute_described() {
  for (const Object& object : schema().objects())
    for (std::size_t place = 0; place < object.fields.size(); ++place)
      if (const Field& field = object.fields[place]; field.source == Source::formula && !field.formula.empty())
        if (auto formula = Formula::parse(schema(), object, field.formula)) compute_by(object.index, place, *std::move(formula));
}

Outcome<void> Org::save(RecordKey record, const Row* before, Row row, const Caller& caller) {
  const Object& object = schema()[record.object];
  if (!rules_.concern(object)) {
    change(record, std::move(row), caller);
    return {};
  }
  Transaction all{*this};
  change(record, std::move(row), caller);
  const Formula::Input input{world_, record, before, clock_.now()};
  for (const Rules::FieldUpdate& update : rules_.updates()) {
    if (update.object != record.object || (update.when && !update.when->holds(input))) continue;
    base::Arena arena;
    Row updated = table(record).copy(record.number);
    for (const auto& [field, formula] : update.set)
      updated.fields.set(field, fitted(object.fields[field], formula.evaluate(input, arena), arena));
    if (auto unique = check_unique(object, record.number, nullptr, updated); !unique) return unique;
    change(record, std::move(updated), caller);
  }
  if (auto valid = rules_.validate(input); !valid) return valid;
  if (auto unlike = rules_.look_for_duplicates(input, caller); !unlike) return unlike;
  all.commit();
  return {};
}

}  // namespace simulator
