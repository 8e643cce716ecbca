#include "core/order.h"

#include <gtest/gtest.h>

namespace core {
namespace {

model::Mapping object(std::string name, const std::vector<std::string>& parents) {
  model::Mapping mapping;
  mapping.object = std::move(name);
  for (const std::string& parent : parents) {
    model::FieldMapping field;
    field.org_field = parent + "Id";
    field.role = model::FieldRole::reference;
    field.parent_object = parent;
    mapping.fields.push_back(std::move(field));
  }
  return mapping;
}

std::string order_of(std::vector<model::Mapping> mappings) {
  put_in_order(mappings);
  std::string text;
  for (const model::Mapping& mapping : mappings) text += (text.empty() ? "" : " ") + mapping.object;
  return text;
}

TEST(Order, PutsParentsBeforeChildrenWhateverTheyAreCalled) {
  EXPECT_EQ(order_of({object("Task", {"Contact", "Account", "Zone__c"}), object("Contact", {"Account"}),
                      object("Account", {"Zone__c"}), object("Zone__c", {})}),
            "Zone__c Account Contact Task");
}

TEST(Order, LeavesObjectsWithoutReferencesInTheUsualOne) {
  EXPECT_EQ(order_of({object("B__c", {}), object("Opportunity", {}), object("Account", {}), object("A__c", {}),
                      object("Contact", {})}),
            "Account Contact Opportunity A__c B__c");
}

TEST(Order, AReferenceToTheObjectItselfOrToOneThatIsNotSyncedChangesNothing) {
  EXPECT_EQ(order_of({object("Contact", {"Contact", "Site__c"}), object("Account", {"Account"})}), "Account Contact");
}

TEST(Order, ACycleEndsAndBeginsWithTheOneThatWaitsForTheFewest) {
  EXPECT_EQ(order_of({object("Account", {"Contact", "Zone__c"}), object("Contact", {"Account"}),
                      object("Zone__c", {"Account"})}),
            "Contact Account Zone__c");
}

}  // namespace
}  // namespace core
