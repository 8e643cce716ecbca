#pragma once

#include <array>
#include <boost/json.hpp>

#include "queue/job_queue.h"

namespace board {

/// The states in the order in which Bull Board lists them.
inline constexpr std::array<queue::State, 8> listed_states = {
    queue::State::active,    queue::State::waiting, queue::State::waiting_children, queue::State::prioritized,
    queue::State::completed, queue::State::failed,  queue::State::delayed,          queue::State::paused};

/// Stored JSON text as a value; text that is none as a string.
boost::json::value parsed(std::string_view text);

boost::json::object job_json(const queue::Job& job);
boost::json::object scheduler_json(const queue::Scheduler& scheduler, std::string_view queue_name, bool next_exists,
                                   const std::optional<queue::Job>& last);
boost::json::value metrics_json(const std::optional<queue::Metrics>& metrics);
boost::json::object server_json(const queue::ServerInfo& info);

}  // namespace board
