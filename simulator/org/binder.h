#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "simulator/org/soql.h"
#include "simulator/org/term.h"
#include "simulator/org/world.h"

namespace simulator {

/// What is counted over a whole statement, its sub-selects included.
struct Tally {
  std::set<std::string> relationships = {};
  int child_selects = 0;
};

/// Gives the names in one SELECT their meaning, and words refusals. All it is made of must outlive it.
struct Binder {
  const World& world;
  const Asking& asking;
  std::string_view text;  ///< The whole statement.
  bool with_deleted;
  Tally& tally;
  const Object& object;
  const soql::Statement& statement;

  /// A field or a parent's field. Throws INVALID_FIELD.
  FieldPath path(const soql::Path& path) const;
  /// A field, or a date function of one.
  Term term(const soql::Expression& expression) const;
  /// Without the name or alias of the object itself, and with what another alias stands for.
  soql::Path expanded(const soql::Path& path) const { return expanded(path, statement.aliases.size()); }
  /// Knows only so many of the aliases: each may be made of those before it.
  soql::Path expanded(const soql::Path& path, std::size_t aliases) const;
  /// Throws INVALID_TYPE unless all that FROM names behind the object are parents of it.
  void check_from() const;

  [[noreturn]] void refuse(std::string_view code, std::size_t at, std::string_view message) const;
  [[noreturn]] void malformed(std::size_t at, std::string_view message) const {
    refuse("MALFORMED_QUERY", at, message);
  }
};

/// The object that a statement selects from. Throws INVALID_TYPE.
const Object& object_named(const World& world, const soql::Path& path, std::string_view text);

}  // namespace simulator
