#include "simulator/org/query.h"

#include <algorithm>

#include "simulator/org/text.h"

namespace simulator {
namespace {

constexpr std::uint64_t largest_offset = 2000;

/// Scatters records that compare equal: nothing may rely on their order.
std::uint64_t scattered(std::uint64_t number) {
  number *= 0x9E3779B97F4A7C15ull;
  return number ^ (number >> 29);
}

/// A cell that can be kept and compared.
struct SortKey {
  bool null = true;
  double number = 0;
  std::int64_t whole = 0;
  std::string text = {};

  static SortKey of(const Cell& cell) {
    switch (cell.kind) {
      case Kind::null:
        return {};
      case Kind::boolean:
        return {.null = false, .whole = cell.truth ? 1 : 0};
      case Kind::number:
        return {.null = false, .number = cell.number};
      case Kind::date:
      case Kind::datetime:
        return {.null = false, .whole = cell.moment};
      case Kind::reference:
        return {.null = false, .whole = static_cast<std::int64_t>(cell.key.packed())};
      case Kind::text:
        return {.null = false, .text = folded(cell.text)};
    }
    return {};
  }
  int against(const SortKey& other) const {
    if (number != other.number) return number < other.number ? -1 : 1;
    if (whole != other.whole) return whole < other.whole ? -1 : 1;
    return text.compare(other.text);
  }
};

}  // namespace

void append_cell(const World& world, const Cell& cell, const Field& field, std::string& out) {
  switch (cell.kind) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += cell.truth ? "true" : "false";
      return;
    case Kind::number:
      append_double(out, cell.number, field.type == FieldType::integer);
      return;
    case Kind::date:
      out += '"';
      append_date(out, cell.moment);
      out += '"';
      return;
    case Kind::datetime:
      out += '"';
      append_datetime(out, cell.moment);
      out += '"';
      return;
    case Kind::reference:
      out += '"';
      append_id(out, world.prefix(cell.key), cell.key.number);
      out += '"';
      return;
    case Kind::text:
      if (field.type == FieldType::address) {
        out += cell.text;  // JSON already
      } else {
        append_json(out, cell.text);
      }
  }
}

void Projection::add(const World& world, const FieldPath& path) {
  Projection* here = this;
  for (const std::size_t hop : path.hops) {
    const Field& reference = here->object_->fields[hop];
    auto found = std::ranges::find_if(here->nodes_, [hop](const Node& n) { return n.parent && n.field == hop; });
    if (found == here->nodes_.end()) {
      here->nodes_.push_back({hop, "," + quoted_json(reference.relationship) + ":",
                              std::make_unique<Projection>(*world.schema.find(reference.targets.front()))});
      found = here->nodes_.end() - 1;
    }
    here = found->parent.get();
  }
  here->nodes_.push_back({path.field, "," + path.description->json_key});
}

void Projection::append(const World& world, std::uint64_t number, std::string_view root, std::string& out,
                        base::Arena& arena) const {
  const Table& table = world.tables[object_->index];
  ((((out += "{\"attributes\":{\"type\":\"") += object_->name) += "\",\"url\":\"") += root) += "/sobjects/";
  (out += object_->name) += '/';
  append_id(out, object_->prefix, number);
  out += "\"}";
  for (const Node& node : nodes_) {
    out += node.key;
    const Cell cell = table.cell(number, node.field, arena);
    if (node.parent == nullptr) {
      append_cell(world, cell, object_->fields[node.field], out);
    } else if (cell.is_null()) {
      out += "null";
    } else {
      node.parent->append(world, cell.key.number, root, out, arena);
    }
  }
  out += '}';
}

Outcome<Query> Query::make(const World& world, std::string_view statement, bool with_deleted) {
  auto parsed = soql::parse(statement);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  const Object* object = world.schema.find(parsed->object.text());
  if (object == nullptr)
    return refusal(400, "INVALID_TYPE",
                   soql::with_caret(statement, parsed->object.at,
                                    "sObject type '" + parsed->object.text() +
                                        "' is not supported. If you are attempting to use a custom object, be sure to "
                                        "append the '__c' after the entity name. Please reference your WSDL or the "
                                        "describe call for the appropriate names."));
  Query out{*object, with_deleted};
  out.counts_ = parsed->count;
  std::vector<std::string> seen;
  for (const soql::Path& path : parsed->fields) {
    auto resolved = resolve(world, *object, path, statement);
    if (!resolved) return std::unexpected(std::move(resolved).error());
    std::string name = folded(path.text());
    if (std::ranges::find(seen, name) != seen.end())
      return refusal(400, "INVALID_FIELD", "duplicate field selected: " + path.text());
    seen.push_back(std::move(name));
    out.projection_.add(world, *resolved);
  }
  if (parsed->where) {
    auto filter = Filter::make(world, *object, *parsed->where, statement);
    if (!filter) return std::unexpected(std::move(filter).error());
    out.filter_ = *std::move(filter);
  }
  for (const soql::Order& order : parsed->order) {
    auto resolved = resolve(world, *object, order.field, statement);
    if (!resolved) return std::unexpected(std::move(resolved).error());
    if (!resolved->description->is_sortable())
      return refusal(400, "MALFORMED_QUERY",
                     soql::with_caret(statement, order.field.at,
                                      "field '" + order.field.text() + "' can not be sorted in a query call"));
    out.order_.push_back({*std::move(resolved), order.descending, order.nulls_last});
  }
  out.limit_ = parsed->limit;
  out.offset_ = parsed->offset.value_or(0);
  if (out.offset_ > largest_offset)
    return refusal(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000");
  return out;
}

bool Query::follows_index() const {
  const auto is = [this](std::size_t place, Source source) {
    return order_.size() > place && order_[place].path.hops.empty() && !order_[place].descending &&
           order_[place].path.description->source == source;
  };
  return order_.empty() || (order_.size() >= 2 && is(0, Source::stamp) && is(1, Source::id));
}

void Query::sort(const World& world, std::vector<std::uint64_t>& numbers) const {
  struct Sorted {
    std::uint64_t number;
    std::vector<SortKey> keys;
  };
  base::Arena arena;
  std::vector<Sorted> rows;
  rows.reserve(numbers.size());
  for (const std::uint64_t number : numbers) {
    Sorted row{number, {}};
    row.keys.reserve(order_.size());
    arena.clear();
    for (const Order& order : order_)
      row.keys.push_back(SortKey::of(world.cell({object_->index, number}, order.path, arena)));
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, [this](const Sorted& a, const Sorted& b) {
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const SortKey &x = a.keys[i], &y = b.keys[i];
      if (x.null != y.null) return x.null != order_[i].nulls_last;
      const int order = x.against(y);
      if (order != 0) return (order < 0) != order_[i].descending;
    }
    return scattered(a.number) < scattered(b.number);
  });
  for (std::size_t i = 0; i < rows.size(); ++i) numbers[i] = rows[i].number;
}

std::vector<std::uint64_t> Query::run(const World& world) const {
  std::vector<std::uint64_t> out;
  const Table& table = world.tables[object_->index];
  if (limit_ == 0) return out;
  base::Arena arena;
  const auto matches = [&](std::uint64_t number) {
    if (!with_deleted_ && table.is_deleted(number)) return false;
    if (!filter_) return true;
    arena.clear();
    return filter_->matches(world, {object_->index, number}, arena);
  };
  const std::optional<std::vector<std::uint64_t>> few =
      filter_ ? filter_->candidates(world, *object_) : std::nullopt;
  const bool ordered = follows_index() && !(few && !order_.empty());
  const std::uint64_t enough =
      ordered && limit_ ? offset_ + *limit_ : std::numeric_limits<std::uint64_t>::max();
  if (few) {
    for (const std::uint64_t number : *few)
      if (out.size() < enough && matches(number)) out.push_back(number);
  } else {
    const Bounds bounds = filter_ ? filter_->bounds() : Bounds{};
    table.walk(bounds.after, bounds.last, [&](std::uint64_t number) {
      if (matches(number)) out.push_back(number);
      return out.size() < enough;
    });
  }
  if (!ordered) sort(world, out);
  if (offset_ > 0) out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(offset_, out.size())));
  if (limit_ && out.size() > *limit_) out.resize(*limit_);
  return out;
}

}  // namespace simulator
