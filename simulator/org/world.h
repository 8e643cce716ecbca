#pragma once

#include <array>
#include <cstdint>
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
};

/// All records of the org, and how to get from one to its parent.
struct World {
  World(const SchemaOptions& schema_options, const SampleOptions& sample_options, std::int64_t start_second)
      : schema(schema_options),
        sample(schema, sample_options, start_second),
        tables{Table{schema[0], sample}, Table{schema[1], sample}, Table{schema[2], sample}, Table{schema[3], sample}} {}
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
  std::array<Table, object_count> tables;
};

}  // namespace simulator
