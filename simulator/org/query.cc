#include "simulator/org/query.h"

#include <algorithm>

namespace simulator {
namespace {

std::string_view text_of(const World& world, std::uint64_t number, std::string_view field, base::Arena& arena) {
  const auto place = world.schema[user].find(field);
  return place ? world.tables[user].cell(number, *place, arena).text : std::string_view{};
}

}  // namespace

Asking asking_of(const World& world, base::Utc now, std::uint64_t user_number) {
  Asking out{now, user_number};
  if (!world.tables[user].exists(user_number)) return out;
  base::Arena arena;
  out.zone = Zone{text_of(world, user_number, "TimeZoneSidKey", arena)};
  out.week_starts = text_of(world, user_number, "LocaleSidKey", arena) == "en_US" ? 0 : 1;
  return out;
}

Outcome<std::shared_ptr<const Select>> make_query(const World& world, const Asking& asking, std::string_view statement,
                                                  bool with_deleted) {
  const auto parsed = soql::parse(statement);
  if (!parsed) return std::unexpected(parsed.error());
  try {
    Tally tally;
    const Object& object = object_named(world, parsed->object, statement);
    return std::make_shared<const Select>(Binder{world, asking, statement, with_deleted, tally, object, *parsed},
                                          nullptr);
  } catch (ApiError& error) {
    return std::unexpected(std::move(error));
  }
}

Outcome<RowSet> RowSet::make(const World& world, const Asking& asking, std::string_view statement, bool with_deleted) {
  auto select = make_query(world, asking, statement, with_deleted);
  if (!select) return std::unexpected(std::move(select).error());
  const Select& query = **select;
  const auto refuse = [](std::string_view what) {
    return refusal(400, "FUNCTIONALITY_NOT_ENABLED", std::string{what} + " is not supported in a Bulk API query");
  };
  if (query.aggregation() || query.counts()) return refuse("GROUP BY or an aggregate function");
  if (query.offset() > 0) return refuse("OFFSET");
  if (query.has_type_of()) return refuse("TYPEOF");
  if (!query.children().empty()) return refuse("A nested query");
  for (const Select::Output& output : query.outputs())
    if (output.term.field().type == FieldType::address) return refuse("The compound field " + output.header);
  RowSet out{*std::move(select), asking};
  out.numbers_ = query.run(world, asking);
  if (!query.is_ordered()) std::ranges::sort(out.numbers_);
  return out;
}

bool RowSet::read(const World& world, std::size_t row, std::vector<Cell>& cells, base::Arena& arena) const {
  const std::uint64_t number = numbers_[row];
  const Object& object = select_->object();
  const Table& table = world.tables[object.index];
  if (!table.exists(number) || !table.is_visible(number, select_->with_deleted())) return false;
  cells.clear();
  for (const Select::Output& output : select_->outputs()) {
    Cell cell = value_of(world, asking_, {object.index, number}, output.term, arena);
    if (output.look == Look::label && !cell.is_null()) cell.text = label_of(output.term.field(), cell.text);
    if (output.look == Look::format && !cell.is_null())
      cell = Cell::of(arena.copy(formatted(world, cell, output.term.type())));
    cells.push_back(cell);
  }
  return true;
}

}  // namespace simulator
