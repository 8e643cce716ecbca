// What a LocalQueue tells about itself.
#include "queue/local/local_queue.h"
#include "queue/local/transact.h"

namespace queue {

base::Result<std::map<State, std::int64_t>> LocalQueue::counts() {
  return transact([&](Head& head) -> base::Result<std::map<State, std::int64_t>> {
    std::map<State, std::int64_t> counts;
    for (const State state : all_states) {
      ASSIGN_OR_RETURN(counts[state], shelf_->count(state));
    }
    if (head.paused) std::swap(counts[State::paused], counts[State::waiting]);
    return counts;
  });
}

base::Result<std::vector<Job>> LocalQueue::jobs(State state, std::int64_t first, std::int64_t last, Order order) {
  return transact([&](Head& head) -> base::Result<std::vector<Job>> {
    std::vector<Job> jobs;
    if (state == (head.paused ? State::waiting : State::paused)) return jobs;
    const State kept = state == State::paused ? State::waiting : state;
    ASSIGN_OR_RETURN(const std::int64_t size, shelf_->count(kept));
    const Range range = range_of(first, last, size);
    ASSIGN_OR_RETURN(auto entries, shelf_->list(kept, range.skip, range.limit, order));
    for (Entry& entry : entries) jobs.push_back(std::move(entry.job));
    return jobs;
  });
}

base::Result<std::optional<Job>> LocalQueue::job(std::string_view id) {
  return transact([&](Head&) -> base::Result<std::optional<Job>> {
    ASSIGN_OR_RETURN(auto entry, shelf_->find(id));
    if (!entry) return std::nullopt;
    return std::move(entry->job);
  });
}

base::Result<std::optional<State>> LocalQueue::state_of(std::string_view id) {
  return transact([&](Head&) -> base::Result<std::optional<State>> {
    ASSIGN_OR_RETURN(const auto entry, shelf_->find(id));
    if (!entry) return std::nullopt;
    return entry->state;
  });
}

base::Result<LogPage> LocalQueue::logs(std::string_view id, std::int64_t first, std::int64_t last) {
  return transact([&](Head&) { return shelf_->logs(id, first, last); });
}

base::Result<QueueSettings> LocalQueue::settings(base::Utc now) {
  return transact([&](Head& head) -> base::Result<QueueSettings> {
    QueueSettings settings{head.paused, head.concurrency, head.limit_max, head.limit_duration, milliseconds{0}};
    if (head.limit_max && head.limit_used >= *head.limit_max && head.limit_until > now)
      settings.limited_for = head.limit_until - now;
    return settings;
  });
}

base::Result<std::vector<Scheduler>> LocalQueue::schedulers() {
  return transact([&](Head&) { return shelf_->schedulers(); });
}

base::Result<std::optional<Scheduler>> LocalQueue::scheduler(std::string_view id) {
  return transact([&](Head&) { return shelf_->scheduler(id); });
}

base::Result<std::optional<Metrics>> LocalQueue::metrics(State finished) {
  return transact([&](Head& head) -> base::Result<std::optional<Metrics>> {
    return finished == State::completed ? head.completed : head.failed;
  });
}

base::Result<std::optional<std::vector<WorkerInfo>>> LocalQueue::workers() {
  return std::nullopt;
}

base::Result<std::optional<ServerInfo>> LocalQueue::server_info() {
  return std::nullopt;
}

}  // namespace queue
