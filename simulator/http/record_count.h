#pragma once

#include "simulator/http/resource.h"

namespace simulator {

/// limits/recordCount?sObjects=Account,Contact: how many living records the objects have. An object without records
/// is left out, as a recording shows it.
class RecordCount final : public Resource {
 public:
  explicit RecordCount(Org& org) : org_(org) {}
  Reply answer(const Call& call) override;
  std::string kind(const Call&) const override { return "limits"; }

 private:
  Org& org_;
};

}  // namespace simulator
