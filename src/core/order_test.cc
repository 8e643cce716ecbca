#include "core/order.h"

#include <gtest/gtest.h>

namespace core {
namespace {

model::Mapping object(std::string name, const std::vector<std::string>& parents, bool required = false) {
  model::Mapping mapping;
  mapping.object = std::move(name);
  for (const std::string& parent : parents) {
    model::FieldMapping field;
    field.org_field = parent + "Id";
    field.role = model::FieldRole::reference;
    field.parent_object = parent;
    field.required = required;
    mapping.fields.push_back(std::move(field));
  }
  return mapping;
}

std::string order_of(std::vector<model::Mapping>& mappings) {
  put_in_order(mappings);
  std::string text;
  for (const model::Mapping& mapping : mappings) {
    text += mapping.object;
    for (const model::FieldMapping& field : mapping.fields)
      if (field.deferred) text += "~" + field.parent_object;
    text += ' ';
  }
  return text;
}

TEST(Order, PutsParentsBeforeChildrenWhateverTheyAreCalled) {
  std::vector<model::Mapping> mappings;
  mappings.push_back(object("Task", {"Contact", "Account", "Zone__c"}));
  mappings.push_back(object("Contact", {"Account"}));
  mappings.push_back(object("Account", {"Zone__c"}));
  mappings.push_back(object("Zone__c", {}));
  EXPECT_EQ(order_of(mappings), "Zone__c Account Contact Task ");
}

TEST(Order, AReferenceToTheObjectItselfComesLater) {
  std::vector<model::Mapping> mappings;
  mappings.push_back(object("Contact", {"Account", "Contact"}));
  mappings.push_back(object("Account", {"Account"}));
  EXPECT_EQ(order_of(mappings), "Account~Account Contact~Contact ");
}

TEST(Order, ACycleBeginsWhereAReferenceCanBeLeftOut) {
  std::vector<model::Mapping> mappings;
  mappings.push_back(object("Account", {"Contact"}, true));
  mappings.push_back(object("Contact", {"Account"}));
  EXPECT_EQ(order_of(mappings), "Contact~Account Account ");
}

TEST(Order, AParentThatIsNotSyncedIsWaitedForLater) {
  std::vector<model::Mapping> mappings;
  mappings.push_back(object("Contact", {"Account"}));
  EXPECT_EQ(order_of(mappings), "Contact~Account ");
}

}  // namespace
}  // namespace core
