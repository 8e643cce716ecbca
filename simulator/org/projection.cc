#include "simulator/org/projection.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "simulator/org/calendar.h"
#include "simulator/org/term.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

/// "1234567.5" → "1,234,567.5"
std::string grouped(std::string digits) {
  const bool negative = digits.starts_with('-');
  for (std::size_t at = std::min(digits.find('.'), digits.size()); at > 3 + (negative ? 1u : 0u);) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string number_text(double number, int scale) {
  char text[400];
  std::snprintf(text, sizeof text, "%.*f", scale, number);
  return grouped(text);
}

std::string day_text(std::int64_t day) {
  const std::int64_t ms = day * day_ms;
  return std::to_string(part_of(ms, DatePart::month)) + "/" + std::to_string(part_of(ms, DatePart::day_in_month)) +
         "/" + std::to_string(part_of(ms, DatePart::year));
}

std::string moment_text(std::int64_t ms) {
  const int hour = part_of(ms, DatePart::hour_in_day);
  const std::int64_t day = (ms >= 0 ? ms : ms - day_ms + 1) / day_ms;
  char clock[16];
  std::snprintf(clock, sizeof clock, ", %d:%02d %s", hour % 12 == 0 ? 12 : hour % 12,
                static_cast<int>((ms - day * day_ms) / 60'000 % 60), hour < 12 ? "AM" : "PM");
  return day_text(day) + clock;
}

}  // namespace

std::string formatted(const World& world, const Cell& cell, const Field& field) {
  switch (cell.kind) {
    case Kind::number:
      if (field.type == FieldType::currency)
        return (cell.number < 0 ? "-$" : "$") + number_text(std::abs(cell.number), 2);
      if (field.type == FieldType::percent) return number_text(cell.number, field.scale) + "%";
      return number_text(cell.number, field.type == FieldType::integer ? 0 : field.scale);
    case Kind::date:
      return day_text(cell.moment);
    case Kind::datetime:
      return moment_text(cell.moment);
    case Kind::reference:
      return id_text(world.prefix(cell.key), cell.key.number);
    default:
      return cell.kind == Kind::boolean ? (cell.truth ? "true" : "false") : std::string{cell.text};
  }
}

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
      if (field.type == FieldType::address || field.type == FieldType::location) {
        out += cell.text;  // JSON already
      } else {
        append_json(out, cell.text);
      }
  }
}

void append_cell(const World& world, const Cell& cell, const Field& field, Look look, std::string& out) {
  if (look == Look::plain || cell.is_null()) return append_cell(world, cell, field, out);
  if (look == Look::format) return append_json(out, formatted(world, cell, field));
  append_json(out, label_of(field, cell.text));
}

/// The projection of the parent at the end of `hops`, made where it is not there yet.
Projection& Projection::at_end(const World& world, const std::vector<std::size_t>& hops) {
  Projection* here = this;
  for (const std::size_t hop : hops) {
    const Field& reference = here->object_->fields[hop];
    auto found =
        std::ranges::find_if(here->nodes_, [hop](const Node& n) { return n.what == What::parent && n.place == hop; });
    if (found == here->nodes_.end()) {
      Node node{What::parent, hop, "," + quoted_json(reference.relationship) + ":", &reference};
      const Object* const next = reference.is_polymorphic() ? nullptr : &world.schema[reference.target_objects.front()];
      node.parent = std::make_unique<Projection>(next);
      here->nodes_.push_back(std::move(node));
      found = here->nodes_.end() - 1;
    }
    here = found->parent.get();
  }
  return *here;
}

void Projection::add(const World& world, const FieldPath& path, std::string_view key, Look look) {
  Node node{What::field, path.field, ",", path.description, path.by_object, look};
  if (key.empty()) {
    node.key += path.description->json_key;
  } else {
    (node.key += quoted_json(key)) += ':';
  }
  at_end(world, path.hops).nodes_.push_back(std::move(node));
}

void Projection::add_children(std::string_view relationship, std::size_t which) {
  nodes_.push_back({What::children, which, "," + quoted_json(relationship) + ":"});
}

void Projection::add_choice(const World& world, const FieldPath& reference, Choice choice) {
  const Field& field = *reference.description;
  Node node{What::choice, reference.field, "," + quoted_json(field.relationship) + ":", &field};
  node.choice = std::move(choice);
  at_end(world, reference.hops).nodes_.push_back(std::move(node));
}

void Projection::append_node(const World& world, RecordKey record, const Node& node, std::string_view root,
                             std::string& out, base::Arena& arena, ChildWriter* children) const {
  const Table& table = world.tables[record.object];
  switch (node.what) {
    case What::field: {
      const std::size_t place = node.by_object.empty() ? node.place : node.by_object[record.object];
      if (place == type_field) {
        append_json(out, world.schema[record.object].name);
      } else {
        append_cell(world, place == no_field ? Cell{} : table.cell(record.number, place, arena), *node.field, node.look,
                    out);
      }
      return;
    }
    case What::children:
      CHECK(children != nullptr);
      children->append(node.place, record.number, out);
      return;
    case What::parent:
    case What::choice: {
      const Cell cell = table.cell(record.number, node.place, arena);
      const Projection* parent = node.parent.get();
      if (node.what == What::choice && !cell.is_null()) {
        parent = node.choice.by_object[cell.key.object].get();
        if (parent == nullptr) parent = node.choice.otherwise.get();
      }
      if (cell.is_null() || parent == nullptr || !is_seen(world, cell.key)) {
        out += "null";
      } else {
        parent->append(world, cell.key, root, out, arena);
      }
    }
  }
}

void Projection::append(const World& world, RecordKey record, std::string_view root, std::string& out,
                        base::Arena& arena, ChildWriter* children) const {
  const Object& object = world.schema[record.object];
  const bool is_name = object_ == nullptr && unconfirmed::polymorphic_parent_is_a_name;
  ((((out += "{\"attributes\":{\"type\":\"") += is_name ? std::string_view{"Name"} : object.name) += "\",\"url\":\"") +=
   root) += "/sobjects/";
  (out += object.name) += '/';
  append_id(out, object.prefix, record.number);
  out += "\"}";
  for (const Node& node : nodes_) {
    out += node.key;
    append_node(world, record, node, root, out, arena, children);
  }
  out += '}';
}

}  // namespace simulator
