#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/ports/registry.h"
#include "model/mapping.h"

namespace core {

/// A field as the org describes it to our user.
struct OrgField {
  std::string name;
  model::FieldType type;
  bool writable = false;
  std::string relationship_name;          ///< References: "Account".
  std::string reference_to;               ///< References to one object: its name.
  bool required = false;                  ///< The org takes no new record without it.
  std::vector<std::string> targets = {};  ///< References to several objects: their names.
};

/// What both sides have for one object.
struct ObjectSchema {
  std::string object;
  std::vector<OrgField> org_fields;
  std::vector<std::string> columns;                  ///< Of the table; empty when there is no such table.
  std::map<std::string, std::string> prefixes = {};  ///< Of other objects' record ids, as far as they were described.
};

struct CompiledMapping {
  model::Mapping mapping;
  std::vector<RunError> warnings;  ///< Fields that are set aside, each with its remedy; the rest is synced.
};

/// The object ("Contact") that a setting's `objectType` means: an sObject name, or the existing job's "contact",
/// "account" or "company", "opportunity" or "deal", "task", "event".
std::string object_for(std::string_view object_type);
std::string table_for(std::string_view object);

/// The mapping a new integration starts with (design.md section 6).
MappingSetting default_mapping(const Integration&, std::string_view object);

/// A user who creates a second document for an object adds to the first, as the existing job had it: its fields join
/// the first one's, or replace those of the same column or the same Salesforce field. Two mappings of one object and
/// table would make two rows of every record. Another table is another mapping.
std::vector<MappingSetting> one_a_table(std::vector<MappingSetting> settings);

/// How records of an object are recognised among rows that were there before, where the setting does not say.
std::vector<std::vector<std::string>> default_match_rules(std::string_view object);

/// Checks a setting against both schemas. Pure. A field that one side has not is set aside with a warning, not the
/// object. Errors: `settings` when the table is missing or nothing is left to sync.
base::Result<CompiledMapping> compile_mapping(const Integration&, const MappingSetting&, const ObjectSchema&,
                                              std::string_view upsert_field);

}  // namespace core
