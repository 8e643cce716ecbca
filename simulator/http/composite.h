#pragma once

#include "simulator/http/subrequests.h"

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
  Org& org_;
  const Router& router_;
};

/// composite/graph: up to 75 graphs of requests, 500 requests in all; each graph is done as a whole or not at all.
class CompositeGraph final : public Resource {
 public:
  CompositeGraph(Org& org, const Router& router) : org_(org), router_(router) {}
  Reply answer(const Call& call) override;
  bool may_be_nested() const override { return false; }
  std::string kind(const Call&) const override { return "graph"; }

 private:
  /// False if it failed; its answer is appended either way.
  bool run(const Call& call, const boost::json::object& graph, std::string& out);

  Org& org_;
  const Router& router_;
};

/// composite/batch: up to 25 requests one after the other, each counted as a call.
class Batch final : public Resource {
 public:
  explicit Batch(const Router& router) : router_(router) {}
  Reply answer(const Call& call) override;
  bool may_be_nested() const override { return false; }
  std::string kind(const Call&) const override { return "batch"; }

 private:
  Reply run(const Call& call, const boost::json::object& part);

  const Router& router_;
};

}  // namespace simulator
