#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/org/path.h"

namespace simulator {

/// Writes what the children of a record are, for a page of a query.
class ChildWriter {
 public:
  virtual ~ChildWriter() = default;
  /// `which` is the place of the child SELECT in its parent's.
  virtual void append(std::size_t which, std::uint64_t parent_number, std::string& out) = 0;
};

/// How a value is written: as it is, as the label of a picklist value, or as a user of the org would read it.
enum class Look : std::uint8_t { plain, label, format };

/// Which fields of a record and its parents are written out, and in which order.
class Projection {
 public:
  /// Of records of this object; null stands for what a polymorphic reference leads to.
  explicit Projection(const Object* object) : object_(object) {}
  explicit Projection(const Object& object) : object_(&object) {}

  /// `key` is the name to write it under, if not the field's own.
  void add(const World& world, const FieldPath& path, std::string_view key = {}, Look look = Look::plain);
  void add_children(std::string_view relationship, std::size_t which);

  /// Fields that depend on what the reference leads to: a projection by object, and one for all others.
  struct Choice {
    std::vector<std::unique_ptr<Projection>> by_object;  ///< By the object's place; null for none of its own.
    std::unique_ptr<Projection> otherwise;               ///< Null if there is none.
  };
  void add_choice(const World& world, const FieldPath& reference, Choice choice);

  /// One record as JSON, appended. The record exists. `arena` is scratch. `children` may be null if there are none.
  void append(const World& world, RecordKey record, std::string_view root, std::string& out, base::Arena& arena,
              ChildWriter* children = nullptr) const;
  void append(const World& world, std::uint64_t number, std::string_view root, std::string& out, base::Arena& arena,
              ChildWriter* children = nullptr) const {
    append(world, RecordKey{object_->index, number}, root, out, arena, children);
  }

 private:
  enum class What : std::uint8_t { field, parent, choice, children };
  struct Node {
    What what = What::field;
    std::size_t place = 0;  ///< Of the field or reference; of children which.
    std::string key;        ///< ",\"Name\":"
    const Field* field = nullptr;
    std::vector<std::size_t> by_object = {};
    Look look = Look::plain;
    std::unique_ptr<Projection> parent = nullptr;
    Choice choice = {};
  };
  Projection& at_end(const World& world, const std::vector<std::size_t>& hops);
  void append_node(const World& world, RecordKey record, const Node& node, std::string_view root, std::string& out,
                   base::Arena& arena, ChildWriter* children) const;

  const Object* object_;
  std::vector<Node> nodes_;
};

/// The value as JSON.
void append_cell(const World& world, const Cell& cell, const Field& field, std::string& out);
void append_cell(const World& world, const Cell& cell, const Field& field, Look look, std::string& out);
/// The value as FORMAT() shows it to a user with the locale en_US.
std::string formatted(const World& world, const Cell& cell, const Field& field);

}  // namespace simulator
