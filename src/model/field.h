#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "model/cell.h"

namespace model {

/// How a field's values are compared and spelt. Fewer than describe's types: only what changes the
/// canonical form, or what counts as the same value.
enum class FieldKind : std::uint8_t {
  text,       ///< string, picklist, url, textarea …: trimmed; blank is null; CR LF is the same as LF.
  boolean,    ///< "true" or "false"; null is false, as in the org.
  number,     ///< int, double, currency, percent: plain decimal, rounded to the scale, no trailing zeros.
  date,       ///< "2026-01-31".
  datetime,   ///< "2026-01-31T10:11:12Z": the org keeps whole seconds.
  multi,      ///< Multi-select picklist: values sorted, joined by ';'.
  reference,  ///< An 18-character record id.
  email,      ///< Text; upper and lower case are the same.
  phone,      ///< Text; blanks and punctuation do not count: "(415) 555-0100" is "415.555.0100".
  time,       ///< "10:15:30.000Z".
};

std::string_view name_of(FieldKind kind);
inline bool is_text(FieldKind kind) {
  return kind == FieldKind::text || kind == FieldKind::email || kind == FieldKind::phone;
}
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

/// Whether two canonical cells are one value. Spelling that the org, its triggers or its pages change by themselves
/// does not count (see FieldKind), so it never looks like an edit. An equivalence; equal cells are the same.
inline bool same_value(const FieldType& type, const Cell& a, const Cell& b);
bool same_though_spelt_apart(const FieldType& type, const Cell& a, const Cell& b);

inline bool same_value(const FieldType& type, const Cell& a, const Cell& b) {
  return a == b || (a.has_text() && b.has_text() && same_though_spelt_apart(type, a, b));
}

/// The one spelling of all cells that are the same value, to be hashed: folded(a) == folded(b) exactly where
/// same_value(a, b). Borrows from `cell` where nothing changes, else from `arena`.
Cell folded(const FieldType& type, const Cell& cell, base::Arena& arena);

}  // namespace model
