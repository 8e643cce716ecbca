#include "schedule/order.h"

#include <algorithm>
#include <boost/json.hpp>

namespace schedule {
namespace {

namespace json = boost::json;

constexpr std::pair<Trigger, std::string_view> names[] = {
    {Trigger::schedule, "schedule"}, {Trigger::manual, "manual"}, {Trigger::event, "event"}};

// Without a priority a job goes before all that have one.
constexpr int event_lane = 5, schedule_lane = 10;

base::Error wrong(std::string_view member, std::string_view allowed) {
  return {base::ErrorKind::malformed, "the job's data: " + std::string{member} + " must be " + std::string{allowed} +
                                          R"(; as in {"integrationId":"…","trigger":"manual","objects":["Contact"]})"};
}

}  // namespace

std::string_view name_of(Trigger trigger) {
  return std::ranges::find(names, trigger, &std::pair<Trigger, std::string_view>::first)->second;
}

base::Result<Order> order_from_json(std::string_view data) {
  boost::system::error_code failed;
  const json::value parsed = json::parse(data, failed);
  const json::object* object = failed ? nullptr : parsed.if_object();
  if (object == nullptr) return std::unexpected(wrong("they", "a JSON object"));
  Order order;
  if (const json::value* id = object->if_contains("integrationId"); id && !id->is_null()) {
    if (!id->is_string() || id->get_string().empty()) return std::unexpected(wrong("integrationId", "a text"));
    order.integration = id->get_string();
  }
  if (const json::value* trigger = object->if_contains("trigger"); trigger && !trigger->is_null()) {
    const auto found = std::ranges::find_if(
        names, [&](const auto& name) { return trigger->is_string() && trigger->get_string() == name.second; });
    if (found == std::end(names)) return std::unexpected(wrong("trigger", "schedule, manual or event"));
    order.trigger = found->first;
  }
  if (const json::value* objects = object->if_contains("objects"); objects && !objects->is_null()) {
    if (!objects->is_array()) return std::unexpected(wrong("objects", "a list of object names"));
    for (const json::value& name : objects->get_array()) {
      if (!name.is_string()) return std::unexpected(wrong("objects", "a list of object names"));
      order.objects.emplace_back(name.get_string());
    }
  }
  return order;
}

std::string to_json(const Order& order) {
  json::object data;
  if (!order.integration.empty()) data["integrationId"] = json::value(order.integration);
  data["trigger"] = name_of(order.trigger);
  if (!order.objects.empty()) data["objects"] = json::value_from(order.objects);
  return json::serialize(data);
}

queue::NewJob job_for(const Order& order, queue::JobOptions kept) {
  std::string once = (order.trigger == Trigger::manual ? "sync-now:" : "sync:") + order.integration;
  for (const std::string& object : order.objects) (once += ':') += object;
  kept.deduplication = queue::Deduplication{std::move(once), {}};
  kept.priority = order.trigger == Trigger::manual ? 0 : order.trigger == Trigger::event ? event_lane : schedule_lane;
  return {std::string{job_name}, to_json(order), std::move(kept)};
}

}  // namespace schedule
