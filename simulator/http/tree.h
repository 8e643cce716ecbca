#pragma once

#include "simulator/http/resource.h"

namespace simulator {

/// composite/tree/Account: up to 200 records with their children, five levels and five types, all or none of them.
class CompositeTree final : public Resource {
 public:
  explicit CompositeTree(Org& org) : org_(org) {}
  Reply answer(const Call& call) override;
  std::string kind(const Call&) const override { return "tree"; }

 private:
  Org& org_;
};

}  // namespace simulator
