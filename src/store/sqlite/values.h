#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "model/mapping.h"
#include "store/sqlite/database.h"
#include "store/sqlite/table.h"

namespace store {

/// A column's value as text in `arena`: whole numbers as such, others in the shortest spelling that reads back as the
/// same number. Nothing for NULL. A BLOB sets `is_blob`.
std::optional<std::string_view> raw_text(const Statement& row, int column, base::Arena& arena, bool& is_blob);

/// Binds a canonical cell as the column holds such values: numbers as numbers and check boxes as 0 and 1 where the
/// column keeps numbers, else text. Returns what is wrong when the column would change the value; empty if nothing is.
std::string bind_cell(Statement& statement, int at, const model::FieldMapping& field, const Column& column,
                      const model::Cell& cell);

/// True for UTF-8 without NUL: other bytes cannot be sent to the org, and would come back changed.
bool is_clean_text(std::string_view text);

/// What a field's values must look like, for messages.
std::string_view allowed_in(const model::FieldType& type);

/// Binds a row's key as text, or as a number where `column` takes values as they come and the key is one.
void bind_key(Statement& statement, int at, std::string_view key, Affinity column, Affinity key_column);

}  // namespace store
