#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/org/filter.h"
#include "simulator/org/soql.h"
#include "simulator/org/world.h"

namespace simulator {

/// Which fields of a record and its parents are written out, and in which order.
class Projection {
 public:
  explicit Projection(const Object& object) : object_(&object) {}
  void add(const World& world, const FieldPath& path);

  /// One record as JSON, appended. The record exists. `arena` is scratch.
  void append(const World& world, std::uint64_t number, std::string_view root, std::string& out,
              base::Arena& arena) const;

 private:
  struct Node {
    std::size_t field;
    std::string key;                              ///< ",\"Name\":"
    std::unique_ptr<Projection> parent = nullptr;  ///< What of the parent that the field refers to.
    bool whole_number = false;
  };
  const Object* object_;
  std::vector<Node> nodes_;
};

/// The value as JSON.
void append_cell(const World& world, const Cell& cell, const Field& field, std::string& out);

/// A statement bound to the objects and fields it names.
class Query {
 public:
  static Outcome<Query> make(const World& world, std::string_view statement, bool with_deleted);

  /// The numbers of the records it finds, in order.
  std::vector<std::uint64_t> run(const World& world) const;

  const Object& object() const { return *object_; }
  const Projection& projection() const { return projection_; }
  bool counts() const { return counts_; }
  bool with_deleted() const { return with_deleted_; }

 private:
  struct Order {
    FieldPath path;
    bool descending, nulls_last;
  };
  Query(const Object& object, bool with_deleted)
      : object_(&object), projection_(object), with_deleted_(with_deleted) {}
  bool follows_index() const;
  void sort(const World& world, std::vector<std::uint64_t>& numbers) const;

  const Object* object_;
  Projection projection_;
  bool with_deleted_, counts_ = false;
  std::optional<Filter> filter_;
  std::vector<Order> order_;
  std::optional<std::uint64_t> limit_;
  std::uint64_t offset_ = 0;
};

}  // namespace simulator
