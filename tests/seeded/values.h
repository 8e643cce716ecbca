#pragma once

#include <optional>
#include <string>

#include "model/field.h"

namespace seeded {

using Text = std::optional<std::string>;
struct FieldSpec;

/// An edit's name, "v17", as somebody on one side writes it into a field of that kind: a number with more digits than
/// the org keeps, a moment in another zone, picklist values in another order.
std::string spelt_in_store(const FieldSpec&, const std::string& edit);
std::string spelt_in_org(const FieldSpec&, const std::string& edit);

/// What the org makes of a value that is saved.
Text kept_by_org(const FieldSpec&, Text value);

/// The name of the edit that a value stands for, however it is spelt; what stands for none stays as it is. Knows
/// nothing of the product's normal forms.
Text folded(Text value);
/// The same for a field, where a check box says "yes" or "no".
Text folded(const FieldSpec&, Text value);

}  // namespace seeded
