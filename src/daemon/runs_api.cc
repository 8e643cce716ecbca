#include "daemon/runs_api.h"

#include <boost/json.hpp>

#include "http/problem.h"
#include "schedule/order.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

http::Response answer(int status, const json::value& body) {
  return {
      status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, json::serialize(body), {}, false};
}

}  // namespace

http::Response ask_for_runs(const http::Request& request, const signin::Who& who, core::Registry& registry,
                            queue::JobQueue& queue, const queue::JobOptions& kept, base::Utc now) {
  if (request.method != "POST") return http::problem(405, "POST asks for a run");
  if (who.role == signin::Role::viewer)
    return http::problem(403, who.name + " is a viewer; a sync is asked for by an operator or an admin");
  auto order = schedule::order_from_json(request.body.empty() ? "{}" : request.body);
  if (!order) return http::problem(400, order.error().message);
  const auto integrations = registry.integrations();
  if (!integrations) return http::problem(503, integrations.error().message);
  order->trigger = schedule::Trigger::manual;
  const std::string wanted = order->integration;
  json::array jobs;
  for (const core::Integration& integration : *integrations) {
    if (wanted.empty() ? !integration.is_active : integration.id.text != wanted) continue;
    if (!integration.is_active)
      return http::problem(409, "integration " + wanted + " is paused: `lockstep integration resume` sets it going");
    order->integration = integration.id.text;
    const auto added = queue.add(schedule::job_for(*order, kept), now);
    if (!added) return http::problem(503, added.error().message);
    jobs.push_back({{"integration_id", integration.id.text}, {"job_id", *added}});
  }
  if (jobs.empty() && wanted.empty() && !integrations->empty())
    return http::problem(409, "every integration is paused: `lockstep integration resume` sets it going");
  if (jobs.empty())
    return http::problem(404, wanted.empty() ? "no org is connected yet" : "there is no integration " + wanted);
  return answer(202, json::object{{"jobs", std::move(jobs)}});
}

}  // namespace daemon_process
