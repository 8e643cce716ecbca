#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/org/caller.h"
#include "simulator/org/formula.h"

namespace simulator {

/// What an administrator has set up beside the schema:
///   {"validations": [{"object": "Contact", "name": "…", "condition": "ISBLANK(Email)", "message": "…", "field": "Email"}],
///    "duplicates":  [{"object": "Contact", "name": "…", "fields": ["Email"], "allow_save": true, "message": "…"}],
///    "updates":     [{"object": "Contact", "when": "ISNEW()", "set": {"Department": "\"New\""}}],
///    "formulas":    [{"object": "Contact", "field": "Greeting__c", "type": "string", "length": 80, "formula": "…"}],
///    "roll_ups":    [{"object": "Account", "field": "Won__c", "type": "currency", "precision": 18, "scale": 2,
///                     "children": "Opportunity.AccountId", "operation": "sum", "of": "Amount", "where": "IsWon"}]}
/// A validation refuses the write when its condition holds. A duplicate rule looks for a living record with the same
/// values in all its fields. Updates are made in the same transaction, before the validations. Formulas and roll-ups
/// (count, sum, min, max) are worked out when they are read, so that their results change without moving a stamp.
class Rules {
 public:
  struct Validation {
    std::uint16_t object;
    std::string name, message;
    std::vector<std::string> fields;  ///< At most one: where the message is shown.
    Formula condition;
  };
  struct Duplicate {
    std::uint16_t object;
    std::string name, message;
    std::vector<std::size_t> fields;
    bool allows_save;
  };
  struct FieldUpdate {
    std::uint16_t object;
    std::optional<Formula> when;
    std::vector<std::pair<std::size_t, Formula>> set;
  };
  struct Computed {
    std::uint16_t object;
    Field field;  ///< As it is to be made, if the object does not have it.
    std::string formula;
    // Of a roll-up: whose children, by which reference.
    std::optional<Schema::Child> children;
    std::string operation;
    std::optional<std::size_t> of;
    std::string where;
  };

  /// The message says what is wrong, and in which rule.
  static Outcome<Rules> parse(const Schema& schema, std::string_view json);

  bool concern(const Object& object) const;
  /// The first validation that holds. FIELD_CUSTOM_VALIDATION_EXCEPTION.
  Outcome<void> validate(const Formula::Input& input) const;
  /// DUPLICATES_DETECTED.
  Outcome<void> look_for_duplicates(const Formula::Input& input, const Caller& caller) const;
  const std::vector<FieldUpdate>& updates() const { return updates_; }
  const std::vector<Computed>& computed() const { return computed_; }
  const std::string& text() const { return text_; }

 private:
  std::vector<Validation> validations_;
  std::vector<Duplicate> duplicates_;
  std::vector<FieldUpdate> updates_;
  std::vector<Computed> computed_;
  std::string text_ = "{}";
};

}  // namespace simulator
