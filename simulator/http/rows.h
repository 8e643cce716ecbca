#pragma once

#include "simulator/http/resource.h"

namespace simulator {

/// Single records: sobjects/Contact, sobjects/Contact/003…, sobjects/Contact/Key__c/value.
class Rows final : public Resource {
 public:
  explicit Rows(Org& org) : org_(org) {}
  Reply answer(const Call& call) override;
  std::string kind(const Call&) const override { return "rows"; }

 private:
  Reply create(const Call& call, const Object& object);
  Reply by_key(const Call& call, const Object& object);
  Reply one(const Call& call, const Object& object, std::uint64_t number);
  Reply read(const Call& call, const Object& object, std::uint64_t number) const;
  Reply written(const Call& call, const Object& object, std::uint64_t number, std::optional<bool> created) const;

  Org& org_;
};

}  // namespace simulator
