#pragma once

#include "queue/local/local_queue.h"

namespace queue {

/// Runs `work` on the shelf as one transaction; what it changed in the head is stored with it. An error undoes all.
template <class Work>
auto LocalQueue::transact(Work work) -> decltype(work(std::declval<Head&>())) {
  const std::lock_guard lock{mutex_};
  worth_a_look_ = false;
  RETURN_IF_ERROR(shelf_->begin());
  auto result = [&]() -> decltype(work(std::declval<Head&>())) {
    ASSIGN_OR_RETURN(Head head, shelf_->head());
    auto done = work(head);
    if (!done) return done;
    RETURN_IF_ERROR(shelf_->put(head));
    RETURN_IF_ERROR(shelf_->commit());
    return done;
  }();
  if (!result) shelf_->rollback();
  else if (worth_a_look_) announce();
  return result;
}

}  // namespace queue
