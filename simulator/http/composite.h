#pragma once

#include <boost/json/array.hpp>

#include "simulator/http/router.h"

namespace simulator {

/// composite: up to 25 requests in one, each able to refer to the answers of those before it.
class Composite final : public Resource {
 public:
  /// The router knows who answers the parts. Both are borrowed.
  Composite(Org& org, const Router& router) : org_(org), router_(router) {}
  Reply answer(const Call& call) override;
  bool may_be_nested() const override { return false; }
  std::string kind(const Call&) const override { return "composite"; }

 private:
  static std::optional<ApiError> check(const boost::json::array& subrequests);
  static std::string joined(const boost::json::array& subrequests, const std::vector<Reply>& replies);
  Reply subrequest(const Call& call, const boost::json::object& sub,
                   const std::function<bool(std::string&, boost::json::value&, std::string&)>& resolve);

  Org& org_;
  const Router& router_;
};

}  // namespace simulator
