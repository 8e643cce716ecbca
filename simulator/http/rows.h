#pragma once

#include <span>

#include "simulator/http/resource.h"

namespace simulator {

/// Single records: sobjects/Contact, sobjects/Contact/003…, sobjects/Contact/Key__c/value, and what they lead to:
/// sobjects/Contact/003…/Account, sobjects/Account/001…/Contacts.
class Rows final : public Resource {
 public:
  explicit Rows(Org& org) : org_(org) {}
  Reply answer(const Call& call) override;
  std::string kind(const Call&) const override { return "rows"; }

 private:
  Reply about(const Call& call, const Object& object);
  Reply create(const Call& call, const Object& object, std::optional<bool> upserted);
  Reply upsert(const Call& call, const Object& object, std::size_t field);
  Reply by_key(const Call& call, const Object& object);
  /// 300 with the addresses of all.
  Reply several(const Call& call, const Object& object, std::span<const std::uint64_t> numbers) const;
  Reply one(const Call& call, RecordKey record);
  Reply change(const Call& call, const Object& object, std::uint64_t number);
  Reply read(const Call& call, RecordKey record);
  Reply related(const Call& call, RecordKey record, std::size_t segment);
  Reply children(const Call& call, RecordKey parent, const Schema::Child& child);
  Reply written(const Call& call, const Object& object, std::uint64_t number, std::optional<bool> created) const;
  std::string url_of(const Call& call, RecordKey record) const;

  Org& org_;
};

}  // namespace simulator
