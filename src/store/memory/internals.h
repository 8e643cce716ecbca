#pragma once

#include <algorithm>
#include <charconv>

#include "core/settle.h"
#include "store/memory/memory_store.h"

namespace store {

inline constexpr std::size_t no_column = static_cast<std::size_t>(-1);

struct MemoryStore::Table {
  std::string name;
  std::vector<std::string> columns;
  std::map<Key, std::vector<Text>> rows;  ///< One value a column.
  std::set<std::size_t> unique;
  Key last_key = 0;

  std::size_t at(std::string_view column) const {
    const auto found = std::ranges::find(columns, column);
    return found == columns.end() ? no_column : static_cast<std::size_t>(found - columns.begin());
  }
};

struct MemoryStore::Link {
  std::int64_t number = 0;
  core::LinkState state = core::LinkState::none;
  core::FilterPlace place = core::FilterPlace::inside;
  std::string row;
  model::RecordId record;
  std::string upsert_key;
  base::Utc stamp{};
  std::uint32_t layout = 0;  ///< Of base and sent.
  std::vector<Text> base;
  std::map<std::pair<std::string, std::string>, Text> away;  ///< Of fields that an earlier layout had.
  struct Sent {
    std::size_t field;
    Text value;
    base::Utc at, over;
  };
  std::vector<Sent> sent;
};

/// A prepared mapping and its bookkeeping.
struct MemoryStore::Mapped {
  struct Entry {
    model::OutboxSeq seq{};
    base::Utc changed_at{};
  };
  struct ParkedRow {
    core::Parked parked;
    base::Utc changed_at{};
    std::string waits_row, waits_name;  ///< Key or name of the parent that `waits_for_field` meant.
    model::MappingId waits_mapping{};
  };
  struct Alias {
    model::RecordId into;  ///< The record that took the place; or
    std::string row;       ///< the row that has another record now.
  };

  model::Mapping mapping;
  std::uint32_t layout = 0;
  Table* table = nullptr;
  std::vector<std::size_t> columns;  ///< Field → column of the table.
  std::size_t name_field = no_column;
  std::map<std::uint32_t, std::vector<std::pair<std::string, std::string>>> layouts;
  std::map<std::int64_t, Link> links;
  std::map<std::string, std::int64_t> by_row;
  std::map<model::RecordId, std::int64_t> by_record;
  std::map<std::string, Entry> outbox;
  std::map<std::string, ParkedRow> parked_rows;
  struct ParkedRecord : core::Parked {
    std::vector<std::string> fits;  ///< Rows that a match rule names.
  };
  std::map<model::RecordId, ParkedRecord> parked_records;
  std::map<model::RecordId, Alias> aliases;
  std::map<std::string, std::vector<Text>> tombstones;
  /// References that were emptied because the row they led to left the filter, by row and field.
  struct Detached {
    model::MappingId parent{};
    std::string row;
  };
  std::map<std::pair<std::string, std::size_t>, Detached> detached;
  model::Position position = model::Beginning{};

  Link* link_of_row(const std::string& row) {
    const auto found = by_row.find(row);
    return found == by_row.end() ? nullptr : &links.at(found->second);
  }
  Link* link_of_record(const model::RecordId& record) {
    const auto found = by_record.find(record);
    return found == by_record.end() ? nullptr : &links.at(found->second);
  }
  /// parked_records() gives `record` next.
  void offer(const model::RecordId& record, const char* code, const char* why) {
    parked_records[record] = {{{base::ErrorKind::precondition, why, code}, core::due_at_once}, {}};
  }
  /// Its record was deleted: nothing in the org refers to anything for it.
  bool is_without_record(const std::string& row) {
    const Link* link = link_of_row(row);
    return link && (link->state == core::LinkState::record_deleted || link->state == core::LinkState::record_gone);
  }
  bool is_mine(const std::vector<Text>& row) const {
    const std::size_t workspace = table->at("workspace_id");
    return workspace == no_column || mapping.workspace.empty() || row[workspace] == mapping.workspace;
  }
  std::vector<Text>* row(const std::string& key);
  /// The record that stands for `record` now: itself, or what it was merged into.
  model::RecordId resolved(model::RecordId record) const {
    for (auto alias = aliases.find(record); alias != aliases.end() && alias->second.into; alias = aliases.find(record))
      record = alias->second.into;
    return record;
  }
};

/// One settle() or update() on its way.
struct MemoryStore::Step {
  Mapped& mapped;
  const core::Observation* observed = nullptr;  ///< Null: keyed by rows.
  std::vector<std::string> rows = {};           ///< Row key of each, empty where there is none.
  std::vector<std::int64_t> links = {};         ///< 0: none.
  std::map<std::string, std::vector<std::size_t>> fitting = {};  ///< Row that a match rule names → records here.
  std::vector<core::Refused> refused = {};

  /// The record that key `at` is about, as far as it is known.
  model::RecordId record(const core::Known& known, std::size_t at) const {
    return observed ? observed->heads[at].id : known.heads[at].record;
  }
};

inline std::int64_t number_of(const std::string& key) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
  return error == std::errc{} && end == key.data() + key.size() ? number : 0;
}

inline std::vector<MemoryStore::Text>* MemoryStore::Mapped::row(const std::string& key) {
  const auto found = table->rows.find(number_of(key));
  return found == table->rows.end() || !is_mine(found->second) ? nullptr : &found->second;
}

inline MemoryStore::Text text_of(const model::Cell& cell) {
  return cell.has_text() ? MemoryStore::Text{std::string{cell.text()}} : std::nullopt;
}

inline model::Cell cell_of(const MemoryStore::Text& text, base::Arena& arena) {
  return text ? model::Cell{arena.copy(*text)} : model::Cell{};
}

}  // namespace store
