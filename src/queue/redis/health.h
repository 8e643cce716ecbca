#pragma once

#include "queue/job_queue.h"

namespace queue {

/// INFO's answer by key.
ServerInfo info_from(std::string_view text);

/// What makes a server unfit to hold a queue, each with what to do about it. `save`: CONFIG GET save; nothing where
/// that is forbidden.
std::vector<std::string> warnings_for(const ServerInfo& info, const std::optional<std::string>& save);

/// The workers of a queue among CLIENT LIST's lines, Node's and ours.
std::vector<WorkerInfo> workers_in(std::string_view client_list, std::string_view prefix, std::string_view name);

std::string base64(std::string_view bytes);

}  // namespace queue
