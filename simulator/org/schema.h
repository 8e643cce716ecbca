#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace simulator {

inline constexpr std::uint8_t account = 0, contact = 1, opportunity = 2, user = 3;
inline constexpr std::size_t object_count = 4;

enum class FieldType : std::uint8_t {
  id, boolean, string, textarea, picklist, multipicklist, reference, currency, real, percent, integer, date, datetime, phone, email,
  url, address
};
std::string_view name_of(FieldType type);

/// Where a field's value comes from, if not from what was written to it.
enum class Source : std::uint8_t {
  stored, id, is_deleted, created, created_by, modified, modified_by, stamp, person_name, address, photo_url,
  owner, stage_closed, stage_won, stage_category, expected_revenue, fiscal_quarter, fiscal_year, fiscal
};

struct Field {
  std::string name;
  std::string label;
  FieldType type = FieldType::string;
  Source source = Source::stored;
  bool createable = false, updateable = false, required = false, defaulted = false, id_lookup = false;
  bool filterable = true, restricted = false, external_id = false, unique = false, custom = false, name_field = false;
  bool case_sensitive = false;
  std::size_t length = 0;
  int precision = 0, scale = 0;
  std::vector<std::string> targets = {};  ///< A reference's objects; several of a polymorphic one.
  std::string relationship = {};          ///< "Account" of AccountId.
  std::string child_relationship = {};    ///< What the parent calls its children by this reference: "Contacts".
  std::string compound = {};      ///< "MailingAddress" of MailingCity.
  std::string json_key = {};      ///< "\"Name\":"
  std::vector<std::string> picklist = {};

  bool is_text() const { return length > 0 && type != FieldType::id && type != FieldType::reference; }
  bool is_polymorphic() const { return targets.size() > 1; }
  bool is_sortable() const;
  bool is_groupable() const;
  bool is_aggregatable() const;  ///< COUNT, MIN and so on take it.
  bool is_number() const {
    return type == FieldType::currency || type == FieldType::real || type == FieldType::percent ||
           type == FieldType::integer;
  }
};

struct Object {
  std::uint8_t index = 0;
  std::string name, label, plural, prefix;
  bool writable = true;
  std::vector<Field> fields;

  std::optional<std::size_t> find(std::string_view field_name) const;         ///< Without regard to case.
  std::optional<std::size_t> find_relation(std::string_view relationship) const;
  std::size_t at(std::string_view field_name) const;  ///< For names that exist.

 private:
  friend class Schema;
  std::unordered_map<std::string, std::size_t> by_name_, by_relationship_;
};

struct SchemaOptions {
  bool upsert_field = true;  ///< Whether Lockstep_Id__c is there.
};

/// The objects of the org: Account, Contact, Opportunity and User with the standard fields of a default org.
class Schema {
 public:
  explicit Schema(const SchemaOptions& options);
  const Object& operator[](std::size_t object) const { return objects_[object]; }
  const std::array<Object, object_count>& objects() const { return objects_; }
  const Object* find(std::string_view name) const;             ///< Without regard to case.
  const Object* with_prefix(std::string_view prefix) const;
  /// Which reference of which object the parent calls by this name: "Contacts". Without regard to case.
  struct Child {
    const Object* object = nullptr;
    std::size_t field = 0;
  };
  std::optional<Child> find_child(const Object& parent, std::string_view relationship) const;

 private:
  std::array<Object, object_count> objects_;
};

}  // namespace simulator
