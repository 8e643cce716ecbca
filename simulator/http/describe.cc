#include "simulator/http/describe.h"

#include "base/time_text.h"
#include "simulator/http/answers.h"
#include "simulator/http/conditions.h"
#include "simulator/org/describe.h"

namespace simulator {

Reply DescribeResource::answer(const Call& call) {
  if (call.method != "GET" && call.method != "HEAD") return refuse(method_not_allowed(call.method));
  Reply reply{200};
  if (call.path.size() == 1) {
    reply.body = describe_global(org_.schema(), call.root);
  } else {
    const auto object = org_.object(call.path[1]);
    if (!object) return refuse(object.error());
    reply.body = describe(org_.schema(), **object, call.root, base_url(call));
  }
  reply.headers = {{"ETag", etag_of(reply.body)}, {"Last-Modified", base::to_http_date(org_.schema_changed())}};
  if (auto unmet = unmet_condition(call, {org_.schema_changed()})) {
    reply.status = unmet->status;
    reply.body = std::move(unmet->body);
  }
  return reply;
}

}  // namespace simulator
