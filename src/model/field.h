#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "model/cell.h"

namespace model {

/// How a field's values are compared and spelt. Fewer than describe's types: only what changes the
/// canonical form.
enum class FieldKind : std::uint8_t {
  text,       ///< string, picklist, phone, email, url, textarea …: trimmed; blank is null.
  boolean,    ///< "true" or "false"; null is false, as in the org.
  number,     ///< int, double, currency, percent: plain decimal, rounded to the scale, no trailing zeros.
  date,       ///< "2026-01-31".
  datetime,   ///< "2026-01-31T10:11:12Z": the org keeps whole seconds.
  multi,      ///< Multi-select picklist: values sorted, joined by ';'.
  reference,  ///< An 18-character record id.
};

std::string_view name_of(FieldKind kind);
std::optional<FieldKind> field_kind_named(std::string_view name);

struct FieldType {
  FieldKind kind = FieldKind::text;
  std::int32_t scale = 0;   ///< Digits after the point; numbers only. Negative: leave them all.
  std::int32_t length = 0;  ///< Most characters the org keeps; 0: no limit known.
  bool operator==(const FieldType&) const = default;
};

/// The one spelling of `raw` under which both sides are compared, so that rounding, blanks and zones never
/// look like an edit. Idempotent. The result borrows from `raw` where nothing changes, else from `arena`.
/// Nothing when `raw` is no value of the type.
std::optional<Cell> canonical(const FieldType& type, std::string_view raw, base::Arena& arena);

/// What a null stands for: false for check boxes, null for the rest.
Cell canonical_null(const FieldType& type);

}  // namespace model
