#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace simulator {

/// Places of the standard objects in a schema. Objects from describe files follow behind them.
inline constexpr std::uint16_t account = 0, contact = 1, opportunity = 2, user = 3, lead = 4, task = 5, event = 6,
                               record_type = 7, user_group = 8, organization = 9, profile = 10, permission_set = 11,
                               permission_set_assignment = 12, field_permissions = 13, object_permissions = 14;

enum class FieldType : std::uint8_t {
  id, boolean, string, textarea, picklist, multipicklist, combobox, reference, currency, real, percent, integer, date,
  datetime, time, phone, email, url, address, location, base64, encrypted, any
};
std::string_view name_of(FieldType type);
std::optional<FieldType> field_type(std::string_view name);

/// Where a field's value comes from, if not from what was written to it.
enum class Source : std::uint8_t {
  stored, id, is_deleted, created, created_by, modified, modified_by, stamp, person_name, address, location, photo_url,
  owner, stage_closed, stage_won, stage_category, expected_revenue, fiscal_quarter, fiscal_year, fiscal,
  task_closed, task_high_priority, activity_account, last_activity, formula
};

struct PicklistValue {
  std::string value, label;
  bool active = true, is_default = false;
};

struct Field {
  std::string name;
  std::string label;
  FieldType type = FieldType::string;
  Source source = Source::stored;
  bool createable = false, updateable = false, nillable = true, defaulted = false, id_lookup = false;
  bool required = false;  ///< To be given on create.
  bool filterable = true, sortable = true, groupable = false, aggregatable = false;
  bool restricted = false, external_id = false, unique = false, case_sensitive = false, custom = false;
  bool name_field = false, calculated = false, auto_number = false;
  bool cascade_delete = false, restricted_delete = false;  ///< Of a reference: what becomes of it with its parent.
  bool hidden = false;  ///< By field-level security: the API's users do not see it.
  std::size_t length = 0;
  int precision = 0, scale = 0;
  std::vector<std::string> targets = {};               ///< A reference's objects; several of a polymorphic one.
  std::vector<std::uint16_t> target_objects = {};  ///< Those of them that this org has.
  std::string relationship = {};        ///< "Account" of AccountId.
  std::string child_relationship = {};  ///< What the parent calls its children by this reference: "Contacts".
  std::string compound = {};            ///< "MailingAddress" of MailingCity.
  std::string json_key = {};            ///< "\"Name\":"
  std::vector<PicklistValue> picklist = {};
  std::string default_value = {};
  std::string formula = {};             ///< Of a calculated field, if it is known.
  std::string described = {};           ///< The field as the describe file has it; else it is composed.

  bool is_polymorphic() const { return targets.size() > 1; }
  bool is_sortable() const { return sortable; }
  bool is_groupable() const { return groupable; }
  bool is_aggregatable() const { return aggregatable; }  ///< COUNT, MIN and so on take it.
  bool is_text() const { return length > 0 && type != FieldType::id && type != FieldType::reference; }
  bool is_number() const {
    return type == FieldType::currency || type == FieldType::real || type == FieldType::percent ||
           type == FieldType::integer;
  }
  bool leads_to(std::uint16_t object) const;
  bool has_value(std::string_view picklist_value) const;  ///< Among the active ones.
};

/// Lookups by name disregard letter case and do not see what field-level security hides, unless they say so.
struct Object {
  std::uint16_t index = 0;
  std::string name, label, plural, prefix;
  bool createable = true, updateable = true, deletable = true, queryable = true, undeletable = true, mergeable = false;
  bool replicateable = true, custom = false, searchable = true, layoutable = true;
  std::deque<Field> fields;    ///< Grows when a field is made; the fields stay where they are.
  std::string described = {};  ///< What the describe file says beside the fields; else it is composed.

  std::optional<std::size_t> find(std::string_view field_name) const;
  std::optional<std::size_t> find_relation(std::string_view relationship) const;
  std::optional<std::size_t> find_any(std::string_view field_name) const;  ///< Hidden ones too.
  std::size_t at(std::string_view field_name) const;                       ///< For names that exist; hidden ones too.
  std::optional<std::size_t> with_source(Source source) const;             ///< The first field with it.
  // What every write asks for, so that it need not look at every field.
  const std::vector<std::size_t>& required() const { return required_; }
  const std::vector<std::size_t>& filled_in() const { return filled_in_; }  ///< By the org, on create.
  const std::vector<std::size_t>& unique() const { return unique_; }

 private:
  friend class Schema;
  std::optional<std::size_t> visible(const std::unordered_map<std::string, std::size_t>& names,
                                     std::string_view name) const;
  std::unordered_map<std::string, std::size_t> by_name_, by_relationship_;
  std::vector<std::size_t> required_, filled_in_, unique_;
};

struct SchemaOptions {
  bool upsert_field = true;      ///< Whether Account, Contact, Lead, Opportunity, Task and Event have Lockstep_Id__c.
  std::string directory = {};    ///< Describe files (*.json) that add or replace objects.
};

/// The objects of the org: the standard ones of a default org, and those of the describe files.
class Schema {
 public:
  /// Without describe files: see make_schema() for those.
  explicit Schema(const SchemaOptions& options);
  Schema(Schema&&) = default;
  Schema& operator=(Schema&&) = default;

  const Object& operator[](std::size_t object) const { return objects_[object]; }
  const std::deque<Object>& objects() const { return objects_; }
  const Object* find(std::string_view name) const;  ///< Without regard to case.
  const Object* with_prefix(std::string_view prefix) const;
  /// A reference, seen from the object it leads to.
  struct Child {
    const Object* object = nullptr;
    std::size_t field = 0;
    const Field& reference() const { return object->fields[field]; }
  };
  /// In the order of the schema.
  const std::vector<Child>& children_of(const Object& parent) const { return children_[parent.index]; }
  /// Which reference of which object the parent calls by this name: "Contacts". Without regard to case; hidden
  /// references are not found.
  std::optional<Child> find_child(const Object& parent, std::string_view relationship) const;

  /// Adds an object, or replaces the one of that name, before the org has records. link() must follow.
  void put(Object object);
  /// Resolves what objects say about each other.
  void link();
  /// A field made at run time, behind the others. Its name is new.
  std::size_t add_field(std::size_t object, Field field);
  Field& field(std::size_t object, std::size_t field) { return objects_[object].fields[field]; }

 private:
  void link_field(Object& object, std::size_t field);
  std::deque<Object> objects_;
  std::vector<std::vector<Child>> children_;
  std::unordered_map<std::string, std::uint16_t> by_name_, by_prefix_;
};

/// What is true of a field by its name and type alone: its source, label, relationship and what a query may do with
/// it. For fields that no describe file explains.
void complete(const Object& object, Field& field);
/// The part of complete() that also holds for fields from describe files.
void set_source(const Object& object, Field& field);

}  // namespace simulator
