#include "simulator/http/describe.h"

#include "simulator/http/answers.h"
#include "simulator/org/describe.h"

namespace simulator {

Reply DescribeResource::answer(const Call& call) {
  if (call.path.size() == 1) return {200, describe_global(org_.schema(), call.root)};
  const auto object = org_.object(call.path[1]);
  if (!object) return refuse(object.error());
  return {200, describe(org_.schema(), **object, call.root)};
}

}  // namespace simulator
