#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "simulator/org/sample_data.h"
#include "simulator/org/schema.h"
#include "simulator/org/table.h"

namespace simulator {

/// A field, or a field of a parent: the places of the references that lead there, then its own.
struct FieldPath {
  std::vector<std::size_t> hops;
  std::size_t field = 0;
  const Field* description = nullptr;
  std::vector<std::size_t> by_object = {};  ///< Behind a polymorphic reference: its places (see path.h).
};

/// All records of the org, and how to get from one to its parent.
struct World {
  World(Schema objects, const SampleOptions& sample_options, std::int64_t start_second)
      : schema(std::move(objects)), sample(schema, sample_options, start_second) {
    for (const Object& object : schema.objects()) tables.emplace_back(object, *this);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Cell cell(RecordKey record, const FieldPath& path, base::Arena& arena) const {
    for (const std::size_t hop : path.hops) {
      const Cell parent = tables[record.object].cell(record.number, hop, arena);
      if (parent.is_null()) return {};
      record = parent.key;
    }
    return tables[record.object].cell(record.number, path.field, arena);
  }
  std::string_view prefix(RecordKey record) const { return schema[record.object].prefix; }

  Schema schema;
  SampleData sample;
  std::deque<Table> tables;  ///< In the order of the schema.
  /// How the formula and roll-up fields come by their values, by object and field. A calculated field that is not
  /// here keeps what it was given.
  std::map<std::pair<std::uint16_t, std::size_t>, std::function<Cell(RecordKey, base::Arena&)>> computed;
};

}  // namespace simulator
