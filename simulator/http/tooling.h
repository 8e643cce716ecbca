#pragma once

#include "simulator/http/resource.h"

namespace simulator {

/// Of the Tooling API what makes a custom field: POST tooling/sobjects/CustomField with {"FullName":
/// "Contact.Key__c","Metadata":{"type":"Text","label":"Key","length":36,…}}. A field of "Activity" is one of Task and
/// Event. As in an org nobody sees it before a permission set or a profile grants it (sobjects/FieldPermissions).
class Tooling final : public Resource {
 public:
  explicit Tooling(Org& org) : org_(org) {}
  Reply answer(const Call& call) override;
  std::string kind(const Call&) const override { return "tooling"; }

 private:
  Outcome<std::string> make_field(const boost::json::object& request);

  Org& org_;
  std::uint64_t made_ = 0;
};

}  // namespace simulator
