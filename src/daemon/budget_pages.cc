#include "daemon/budget_pages.h"

#include "http/problem.h"

namespace daemon_process {
bool serves_budget(std::string_view path) {
  return path == "/metrics" || path == "/api/v1/budget";
}

http::Response answer_budget(const http::Request& request, core::Registry& registry, const settings::Settings& settings,
                             const base::Clock& clock) {
  if (request.method != "GET" && request.method != "HEAD") return http::problem(405, "the API budget is read with GET");
  const bool metrics = request.path == "/metrics";
  auto body = metrics ? budget_metrics(registry, settings, clock) : budgets_json(registry, settings, clock);
  if (!body) return http::problem(503, body.error().message);
  return {200,
          {{"Content-Type", metrics ? "text/plain; version=0.0.4; charset=utf-8" : "application/json"},
           {"Cache-Control", "no-store"}},
          *std::move(body),
          {},
          false};
}

}  // namespace daemon_process
