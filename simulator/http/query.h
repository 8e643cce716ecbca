#pragma once

#include "simulator/http/resource.h"

namespace simulator {

/// query?q=…, queryAll?q=…, and the further pages of either.
class QueryResource final : public Resource {
 public:
  explicit QueryResource(Org& org) : org_(org) {}
  Reply answer(const Call& call) override;
  std::string kind(const Call&) const override { return "query"; }

 private:
  Org& org_;
};

}  // namespace simulator
