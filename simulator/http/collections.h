#pragma once

#include "simulator/http/resource.h"

namespace simulator {

/// sObject Collections, composite/sobjects: up to 200 records created, updated, upserted or deleted, up to 2,000
/// retrieved, each with a result of its own.
class Collections final : public Resource {
 public:
  explicit Collections(Org& org) : org_(org) {}
  Reply answer(const Call& call) override;
  std::string kind(const Call&) const override { return "collections"; }

 private:
  Reply retrieve(const Call& call);
  Reply write(const Call& call);
  Reply remove(const Call& call);
  Outcome<boost::json::object> write_one(const Call& call, const boost::json::object& record);
  Outcome<boost::json::object> upsert_one(const Call& call, const Object& object, const boost::json::object& record);
  Outcome<std::string> remove_one(const Call& call, const std::string& id);

  Org& org_;
};

}  // namespace simulator
