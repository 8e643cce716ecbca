#pragma once

#include "simulator/http/resource.h"

namespace simulator {

/// sobjects/Contact/updated and sobjects/Contact/deleted.
class Replication final : public Resource {
 public:
  explicit Replication(Org& org) : org_(org) {}
  Reply answer(const Call& call) override;
  std::string kind(const Call& call) const override { return call.path.back(); }

 private:
  Org& org_;
};

}  // namespace simulator
