#include "daemon/runs_api.h"

#include <boost/json.hpp>

#include "schedule/order.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

http::Response answer(int status, const json::value& body, const char* type = "application/json") {
  return {status, {{"Content-Type", type}, {"Cache-Control", "no-store"}}, json::serialize(body), {}, false};
}

http::Response problem(int status, const char* title, const std::string& detail) {
  return answer(status, {{"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}},
                "application/problem+json");
}

}  // namespace

http::Response ask_for_runs(const http::Request& request, const signin::Who& who, core::Registry& registry,
                            queue::JobQueue& queue, const queue::JobOptions& kept, base::Utc now) {
  if (request.method != "POST") return problem(405, "Method Not Allowed", "POST asks for a run");
  if (who.role == signin::Role::viewer)
    return problem(403, "Forbidden", who.name + " is a viewer; a sync is asked for by an operator or an admin");
  auto order = schedule::order_from_json(request.body.empty() ? "{}" : request.body);
  if (!order) return problem(400, "Bad Request", order.error().message);
  const auto integrations = registry.integrations();
  if (!integrations) return problem(503, "Service Unavailable", integrations.error().message);
  order->trigger = schedule::Trigger::manual;
  const std::string wanted = order->integration;
  json::array jobs;
  for (const core::Integration& integration : *integrations) {
    if (wanted.empty() ? !integration.is_active : integration.id.text != wanted) continue;
    if (!integration.is_active)
      return problem(409, "Conflict",
                     "integration " + wanted + " is paused: `lockstep integration resume` sets it going");
    order->integration = integration.id.text;
    const auto added = queue.add(schedule::job_for(*order, kept), now);
    if (!added) return problem(503, "Service Unavailable", added.error().message);
    jobs.push_back({{"integration_id", integration.id.text}, {"job_id", *added}});
  }
  if (jobs.empty() && wanted.empty() && !integrations->empty())
    return problem(409, "Conflict", "every integration is paused: `lockstep integration resume` sets it going");
  if (jobs.empty())
    return problem(404, "Not Found", wanted.empty() ? "no org is connected yet" : "there is no integration " + wanted);
  return answer(202, json::object{{"jobs", std::move(jobs)}});
}

}  // namespace daemon_process
