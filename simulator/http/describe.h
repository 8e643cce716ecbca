#pragma once

#include "simulator/http/resource.h"

namespace simulator {

/// sobjects and sobjects/Contact/describe.
class DescribeResource final : public Resource {
 public:
  explicit DescribeResource(Org& org) : org_(org) {}
  Reply answer(const Call& call) override;
  std::string kind(const Call&) const override { return "describe"; }

 private:
  Org& org_;
};

}  // namespace simulator
