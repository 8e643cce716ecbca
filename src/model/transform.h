#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"

namespace model {

/// A text, or nothing.
using Raw = std::optional<std::string_view>;

/// One thing that is done to a value on its way.
struct TransformStep {
  enum class Kind {
    trim,        ///< One blank for every run of blanks; the ends are bare anyway.
    upper,       ///< Every letter in upper case, lower case, or each word's first in upper and the rest in lower.
    lower,
    title,
    truncate,    ///< The first `length` characters.
    fallback,    ///< `text` where there is nothing.
    constant,    ///< `text`, whatever there is.
    value_map,   ///< What `pairs` say for it; a value that is not among them stays.
    first_name,  ///< "Ann" of "Ann Lee": all but the last word.
    last_name,   ///< "Lee" of "Ann Lee": the last word.
  } kind;
  std::string text = {};
  std::size_t length = 0;
  std::vector<std::pair<std::string, std::string>> pairs = {};  ///< Sorted by the first.
  bool operator==(const TransformStep&) const = default;
};

/// Which part of a full name.
enum class NamePart { none, first, last };

/// What is done to a field's values between the row and the record. Immutable.
struct Transform {
  NamePart part = NamePart::none;     ///< Of the full name in the column; the steps are for the part.
  std::vector<TransformStep> to_org;  ///< In their order, to what stands in the column.
  std::vector<TransformStep> to_row;  ///< In their order, to what stands in the record.
  std::vector<std::string> no_way_back;  ///< Record values that to_row and to_org would turn into others. Sorted.
};

/// Tells two transforms apart: a short text of letters and digits; empty for none.
std::string signature(const Transform* transform);

/// `raw` after all steps; blank text is nothing. Borrows from `raw` where nothing changes, else from `arena`.
Raw transformed(const std::vector<TransformStep>& steps, Raw raw, base::Arena& arena);

/// "Ann" and "Lee" to "Ann Lee".
std::string_view joined_name(Raw first, Raw last, base::Arena& arena);

/// A full name taken apart. Where it begins or ends as the name that was agreed on, the border stays where it was:
/// "Anna van der Berg" is "Anna" and "van der Berg" if that was the last name before.
std::pair<Raw, Raw> split_name(Raw full, Raw agreed_first, Raw agreed_last);

}  // namespace model
