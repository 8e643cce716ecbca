// What a worker notes on its job while it runs.
#include "queue/local/local_queue.h"
#include "queue/local/transact.h"

namespace queue {

base::Result<void> LocalQueue::set_progress(std::string_view id, std::string_view json) {
  return transact([&](Head&) -> base::Result<void> {
    ASSIGN_OR_RETURN(Entry entry, existing(id));
    entry.job.progress = json;
    return shelf_->put(entry);
  });
}

base::Result<void> LocalQueue::log(std::string_view id, std::string_view row, std::optional<int> keep) {
  return transact([&](Head&) -> base::Result<void> {
    RETURN_IF_ERROR(existing(id));
    return shelf_->log(id, row, keep);
  });
}

base::Result<void> LocalQueue::set_data(std::string_view id, std::string_view json) {
  return transact([&](Head&) -> base::Result<void> {
    ASSIGN_OR_RETURN(Entry entry, existing(id));
    entry.job.data = json;
    return shelf_->put(entry);
  });
}

}  // namespace queue
