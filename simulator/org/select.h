#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "simulator/org/aggregation.h"
#include "simulator/org/binder.h"
#include "simulator/org/filter.h"
#include "simulator/org/projection.h"

namespace simulator {

/// One SELECT, bound to the objects and fields it names.
class Select {
 public:
  /// A term of the result as a table: for CSV.
  struct Output {
    std::string header;  ///< "Account.Name", as the statement has it.
    Term term;
    Look look = Look::plain;
  };
  struct Children {
    std::size_t reference = 0;  ///< The field of the children that leads to the parent.
    std::unique_ptr<const Select> select;
  };
  struct OrderBy {
    Term term;
    Direction direction;
  };

  /// Binds the statement of `binder`. `parent` is null for the SELECT that stands for itself. Throws ApiError.
  Select(const Binder& binder, const Select* parent);

  /// The numbers of the records it finds, in order. For the rules of its world at this time.
  std::vector<std::uint64_t> run(const World& world, const Asking& asking) const;
  /// For each of these records, in their order, the numbers of its children.
  std::vector<std::vector<std::uint64_t>> run_for(const World& world, const Asking& asking, const Children& children,
                                                  const std::vector<std::uint64_t>& parents) const;

  const Object& object() const { return object_; }
  const Projection& projection() const { return projection_; }
  const std::vector<Output>& outputs() const { return outputs_; }
  const std::vector<Children>& children() const { return children_; }
  const std::optional<Aggregation>& aggregation() const { return aggregation_; }
  bool counts() const { return counts_; }
  bool with_deleted() const { return with_deleted_; }
  bool has_type_of() const { return has_type_of_; }
  std::optional<std::uint64_t> limit() const { return limit_; }
  std::uint64_t offset() const { return offset_; }
  bool is_ordered() const { return !order_.empty(); }
  Search search(const World& world, const Asking& asking) const {
    return {world, asking, object_, filter_ ? &*filter_ : nullptr, with_deleted_};
  }

 private:
  void bind_items(const Binder& binder);
  void bind_expression(const Binder& binder, const soql::Item& item);
  void bind_fields(const Binder& binder, soql::FieldSet set);
  void bind_children(const Binder& binder, const soql::Item& item);
  void bind_type_of(const Binder& binder, const soql::TypeOf& type_of);
  void bind_filter(const Binder& binder);
  void bind_order(const Binder& binder);
  void bind_window(const Binder& binder, const Select* parent);
  void add_output(const Binder& binder, Output output, std::string_view alias);
  std::vector<std::vector<std::uint64_t>> run_below(const World& world, const Asking& asking, std::size_t reference,
                                                    const Object& parent_object,
                                                    const std::vector<std::uint64_t>& parents) const;
  void sort(const World& world, const Asking& asking, std::vector<std::uint64_t>& numbers) const;
  void cut(std::vector<std::uint64_t>& numbers) const;
  WalkOrder wanted_order() const;

  const Object& object_;
  const bool with_deleted_;
  int level_ = 1;  ///< Of parents and children.
  bool counts_ = false, has_type_of_ = false;
  Projection projection_;
  std::vector<Output> outputs_;
  std::vector<std::string> selected_;  ///< Folded.
  std::vector<Children> children_;
  std::optional<Aggregation> aggregation_;
  std::optional<Filter> filter_;
  std::vector<OrderBy> order_;
  std::optional<std::uint64_t> limit_;
  std::uint64_t offset_ = 0;
};

}  // namespace simulator
