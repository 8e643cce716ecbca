#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "model/field.h"

namespace salesforce {

/// A field as the org describes it to our user: what he may not see is missing, what he may not write says so.
struct DescribedField {
  std::string name;
  std::string label;
  std::string type;  ///< As the org spells it: "currency".
  model::FieldType field_type;
  bool createable = false;
  bool updateable = false;
  bool calculated = false;
  bool filterable = true;
  bool external_id = false;
  bool unique = false;
  bool nillable = false;
  bool defaulted_on_create = false;
  std::string relationship_name;          ///< References: "Account".
  std::vector<std::string> reference_to;  ///< More than one: polymorphic.
};

struct DescribedObject {
  std::string name;
  std::string label;
  std::string key_prefix;  ///< Of its record ids: "003".
  bool createable = false;
  bool updateable = false;
  std::vector<DescribedField> fields;
};

/// Reads the answer of `sobjects/{Object}/describe`.
base::Result<DescribedObject> parse_describe(std::string json);

/// The kind of the canonical form for a describe type.
model::FieldType field_type_for(std::string_view type, std::int32_t scale, std::int32_t length);

}  // namespace salesforce
