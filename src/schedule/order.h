#pragma once

#include <string>
#include <vector>

#include "queue/job_queue.h"

namespace schedule {

inline constexpr std::string_view job_name = "salesforce-sync";

enum class Trigger {
  schedule,  ///< The time had come.
  manual,    ///< Somebody asked for it: goes before the others.
  event,     ///< A row was edited.
};

/// What a job named `salesforce-sync` asks for: its data, `{"integrationId", "trigger", "objects"?}`.
struct Order {
  std::string integration;  ///< Empty: every one that is due, which is what a scheduler's run asks for.
  Trigger trigger = Trigger::schedule;
  std::vector<std::string> objects;  ///< Empty: all that are switched on.
};

std::string_view name_of(Trigger trigger);

/// Errors: `malformed`, naming the member. What else the data hold is somebody else's.
base::Result<Order> order_from_json(std::string_view data);
std::string to_json(const Order& order);

/// The job of an order about one integration: `kept` options for every job of the queue, and the order's lane. Under
/// its deduplication id it is added once until it has ended, so that a run that is longer than its interval does not
/// pile up; what somebody asks for stands beside what the schedule put, since a run that has begun may be past the row.
queue::NewJob job_for(const Order& order, queue::JobOptions kept);

}  // namespace schedule
