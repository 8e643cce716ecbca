#include "salesforce/records.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "base/time_text.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using simdjson::ondemand::json_type;

std::unexpected<base::Error> broken_answer(std::string_view what) {
  return base::failure(ErrorKind::malformed,
                       "Salesforce's answer with " + std::string{what} +
                           " records could not be read: it is cut short or has another form. It is read again.");
}

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// The org's own form "2022-01-02T21:33:43.000+0000" differs from ours only in its end.
std::optional<model::Cell> datetime_cell(std::string_view text, base::Arena& arena) {
  if (text.size() != 28 || text.substr(19) != ".000+0000" || text[10] != 'T') return std::nullopt;
  if (!base::parse_iso(text)) return std::nullopt;
  char* place = arena.reserve(20);
  std::copy_n(text.data(), 19, place);
  place[19] = 'Z';
  return model::Cell{std::string_view{place, 20}};
}

/// Moves the rows from `first` on to the places of their ids. The org keeps the order of the ids; should it not
/// one day, no record may be taken for another.
void put_in_order(std::span<const model::RecordId> ids, std::size_t first, core::Observation& out) {
  const std::size_t width = out.cells.width();
  const std::vector<core::RecordHead> heads(out.heads.begin() + static_cast<std::ptrdiff_t>(first), out.heads.end());
  std::vector<model::Cell> cells;
  std::unordered_map<model::RecordId, std::size_t> row_of;
  for (std::size_t row = 0; row < heads.size(); ++row) {
    std::ranges::copy(out.cells[first + row], std::back_inserter(cells));
    if (heads[row].id) row_of[heads[row].id] = row;
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = row_of.find(ids[i]);
    const auto to = out.cells[first + i];
    if (found == row_of.end()) {
      out.heads[first + i] = {};
      std::ranges::fill(to, model::Cell{});
    } else {
      out.heads[first + i] = heads[found->second];
      std::copy_n(cells.data() + found->second * width, width, to.data());
    }
  }
}

}  // namespace

struct RecordDecoder::Reading {
  core::RecordHead head;
  std::span<model::Cell> cells;
  base::Arena* arena;
  bool has_stamp = false;
  std::string_view bad_field = {};
  const char* fault = nullptr;

  void refuse(std::string_view field, const char* why) {
    if (fault != nullptr) return;
    bad_field = field;
    fault = why;
  }
};

RecordDecoder::Node& RecordDecoder::node_for(std::vector<Node>& nodes, std::string_view key) {
  const auto same = [key](const Node& node) {
    return std::ranges::equal(node.key, key, [](char a, char b) {
      const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
      return lower(a) == lower(b);
    });
  };
  if (const auto found = std::ranges::find_if(nodes, same); found != nodes.end()) return *found;
  nodes.push_back({.key = std::string{key}, .ordinals = {}, .children = {}});
  return nodes.back();
}

void RecordDecoder::add(std::string_view path, const std::function<void(Node&)>& mark) {
  std::vector<Node>* level = &nodes_;
  while (true) {
    const auto dot = path.find('.');
    Node& node = node_for(*level, path.substr(0, dot));
    if (dot == std::string_view::npos) return mark(node);
    level = &node.children;
    path.remove_prefix(dot + 1);
  }
}

RecordDecoder::RecordDecoder(const model::Mapping& mapping, bool authors) : mapping_(mapping) {
  add("Id", [](Node& node) { node.is_id = true; });
  add("SystemModstamp", [](Node& node) { node.is_stamp = true; });
  if (authors && mapping.shows_author) add("LastModifiedById", [](Node& node) { node.is_author = true; });
  if (mapping.shows_deleted) add("IsDeleted", [](Node& node) { node.is_deleted = true; });
  if (mapping.shows_merged) add("MasterRecordId", [](Node& node) { node.is_master = true; });
  if (!mapping.upsert_field.empty()) add(mapping.upsert_field, [](Node& node) { node.is_upsert_key = true; });
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) {
    if (mapping.fields[i].org_field.empty()) {
      constants_.push_back(i);
    } else {
      add(mapping.fields[i].org_field, [i](Node& node) { node.ordinals.push_back(i); });
    }
  }
}

void RecordDecoder::read_creation() {
  add("CreatedDate", [](Node& node) { node.is_creation = true; });
}

void RecordDecoder::set_null(Node& node, Reading& reading) {
  for (const std::size_t ordinal : node.ordinals)
    if (const auto cell = model::org_cell(mapping_.fields[ordinal], {}, *reading.arena)) reading.cells[ordinal] = *cell;
  for (Node& child : node.children) set_null(child, reading);
}

void RecordDecoder::read_scalar(Json& value, Node& node, Reading& reading, bool& broken) {
  json_type type;
  if (value.type().get(type)) {
    broken = true;
    return;
  }
  std::string_view text;
  switch (type) {
    case json_type::string:
      if (const auto error = value.get_string().get(text)) {
        // Half a surrogate pair, cut off by someone's Apex: the rest of the page can be read.
        if (error == simdjson::STRING_ERROR) return reading.refuse(node.key, "holds a text that is no Unicode");
        broken = true;
        return;
      }
      break;
    case json_type::number:
    case json_type::boolean: {
      text = value.raw_json_token();
      while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
      // The reader looks at a token only when it is asked for its value: "tru" has to fail as well.
      bool truth = false;
      double number = 0;
      if (type == json_type::boolean ? value.get_bool().get(truth) : value.get_double().get(number)) {
        broken = true;
        return;
      }
      break;
    }
    case json_type::null: {
      bool null = false;
      if (value.is_null().get(null) || !null) {
        broken = true;
        return;
      }
      set_null(node, reading);
      return;
    }
    case json_type::object:
    case json_type::array:
      reading.refuse(node.key, "holds a compound value");
      return;
  }
  if (node.is_id) {
    if (const auto id = model::RecordId::parse(text)) reading.head.id = *id;
  } else if (node.is_deleted) {
    reading.head.deleted = text == "true";
  } else if (node.is_master) {
    reading.head.merged_into = model::RecordId::parse(text).value_or(model::RecordId{});
  } else if (node.is_stamp) {
    if (const auto stamp = base::parse_iso(text)) {
      reading.head.stamp = base::whole_second(*stamp);
      reading.has_stamp = true;
    }
  }
  if (node.is_creation)
    if (const auto created = base::parse_iso(text)) reading.head.created_at = base::whole_second(*created);
  if (node.is_author)
    if (const auto author = model::RecordId::parse(text)) reading.head.changed_by = *author;
  std::string_view kept;
  if (node.is_upsert_key) reading.head.upsert_key = kept = reading.arena->copy(text);
  for (const std::size_t ordinal : node.ordinals) {
    const model::FieldMapping& field = mapping_.fields[ordinal];
    if (field.type.kind == model::FieldKind::datetime && !field.transform) {
      if (const auto cell = datetime_cell(text, *reading.arena)) {
        reading.cells[ordinal] = *cell;
        continue;
      }
    }
    // The field leads to a record of another object: of this one it says nothing.
    const std::string& prefix = mapping_.fields[ordinal].parent_prefix;
    if (!prefix.empty() && !text.starts_with(prefix)) {
      reading.cells[ordinal] = {};
      continue;
    }
    if (kept.data() == nullptr) kept = reading.arena->copy(text);
    const auto cell = model::org_cell(field, kept, *reading.arena);
    if (!cell)
      return reading.refuse(field.org_field, field.transform ? "holds a value that its transform cannot bring back"
                                                             : "holds a value that is none of its type");
    reading.cells[ordinal] = *cell;
  }
}

bool RecordDecoder::read_value(Json value, Node& node, Reading& reading) {
  bool broken = false;
  if (node.children.empty()) {
    read_scalar(value, node, reading, broken);
    return !broken;
  }
  json_type type;
  if (value.type().get(type)) return false;
  if (type == json_type::object) {
    JsonObject parent;
    return !value.get_object().get(parent) && read_object(parent, node.children, reading);
  }
  if (type == json_type::null) {
    read_scalar(value, node, reading, broken);
    return !broken;
  }
  reading.refuse(node.key, "holds no parent record");
  return true;
}

bool RecordDecoder::read_object(JsonObject& object, std::vector<Node>& nodes, Reading& reading) {
  std::size_t expected = 0, seen = 0;
  for (auto result : object) {
    simdjson::ondemand::field field;
    if (std::move(result).get(field)) return false;
    const auto key = field.key();
    Node* node = nullptr;
    if (expected < nodes.size() && key.unsafe_is_equal(nodes[expected].key)) {
      node = &nodes[expected++];
    } else {
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (!key.unsafe_is_equal(nodes[i].key)) continue;
        node = &nodes[i];
        expected = i + 1;
        break;
      }
    }
    if (node == nullptr || node->seen_in == record_) continue;
    node->seen_in = record_;
    ++seen;
    if (!read_value(field.value(), *node, reading)) return false;
  }
  if (seen < nodes.size()) {
    const auto missing = std::ranges::find_if(nodes, [this](const Node& node) { return node.seen_in != record_; });
    reading.refuse(missing->key, "is missing from the record");
  }
  return true;
}

base::Result<void> RecordDecoder::append(JsonObject record, core::Observation& out) {
  ++record_;
  const std::size_t row = out.size();
  Reading reading{.head = {}, .cells = out.cells.add(), .arena = &out.cells.text()};
  for (const std::size_t i : constants_)
    if (const auto cell = model::org_cell(mapping_.fields[i], {}, *reading.arena)) reading.cells[i] = *cell;
  if (!read_object(record, nodes_, reading)) return broken_answer(mapping_.object);
  if (!reading.head.id || !reading.has_stamp)
    return base::failure(ErrorKind::malformed, "Salesforce answered with a " + mapping_.object +
                                                   " record without a readable Id and SystemModstamp.");
  if (reading.fault != nullptr) {
    out.cells.truncate(row);
    out.unreadable.push_back(
        {reading.head.id,
         base::Error{ErrorKind::malformed,
                     mapping_.object + " " + reading.head.id.str() + ": field " + std::string{reading.bad_field} + " " +
                         reading.fault + ". Compare the field's type in the mapping with the object in Salesforce.",
                     "INVALID_VALUE"},
         reading.head.stamp, out.size()});
    return {};
  }
  out.heads.push_back(reading.head);
  return {};
}

base::Result<void> RecordDecoder::read_page(Json& answer, core::Page& page, std::string* next) {
  if (next != nullptr) next->clear();
  JsonObject object;
  bool has_records = false, has_done = false;
  if (answer.get_object().get(object)) return broken_answer(mapping_.object);
  for (auto result : object) {
    simdjson::ondemand::field field;
    if (std::move(result).get(field)) return broken_answer(mapping_.object);
    if (field.key() == "done") {
      bool done = false;
      if (field.value().get_bool().get(done)) return broken_answer(mapping_.object);
      page.more = !done;
      has_done = true;
    } else if (next != nullptr && field.key() == "nextRecordsUrl") {
      std::string_view url;
      if (field.value().get_string().get(url)) return broken_answer(mapping_.object);
      *next = url;
    } else if (field.key() == "records") {
      JsonArray records;
      if (field.value().get_array().get(records)) return broken_answer(mapping_.object);
      has_records = true;
      for (auto element : records) {
        JsonObject record;
        if (element.get_object().get(record)) return broken_answer(mapping_.object);
        RETURN_IF_ERROR(append(record, page.observed));
      }
    }
  }
  if (!has_records || !has_done) return broken_answer(mapping_.object);
  return {};
}

base::Result<void> RecordDecoder::read_retrieved(Json& answer, std::span<const model::RecordId> ids,
                                                 core::Observation& out) {
  JsonArray records;
  if (answer.get_array().get(records)) return broken_answer(mapping_.object);
  const std::size_t first = out.size();
  const auto add_nothing = [&out] {
    out.heads.emplace_back();
    std::ranges::fill(out.cells.add(), model::Cell{});
  };
  for (auto element : records) {
    bool null = false;
    if (element.is_null().get(null)) return broken_answer(mapping_.object);
    if (null) {
      add_nothing();
      continue;
    }
    JsonObject record;
    if (element.get_object().get(record)) return broken_answer(mapping_.object);
    const std::size_t before = out.size();
    RETURN_IF_ERROR(append(record, out));
    if (out.size() == before) add_nothing();
  }
  if (out.size() - first != ids.size()) return broken_answer(mapping_.object);
  for (core::Unreadable& record : out.unreadable)
    if (record.at >= first)
      record.at = first + static_cast<std::size_t>(std::ranges::find(ids, record.id) - ids.begin());
  const std::span<core::RecordHead> heads = std::span{out.heads}.subspan(first);
  const bool in_order = std::ranges::equal(
      heads, ids, [](const core::RecordHead& head, model::RecordId id) { return !head.id || head.id == id; });
  if (!in_order) put_in_order(ids, first, out);
  return {};
}

}  // namespace salesforce
