#include "queue/sqlite/sqlite_queue.h"

#include "queue/local/local_queue.h"
#include "queue/sqlite/shelf.h"

namespace queue {

base::Result<std::unique_ptr<JobQueue>> open_sqlite_queue(const std::string& path, const std::string& name) {
  ASSIGN_OR_RETURN(auto shelf, SqliteShelf::open(path, name));
  return std::make_unique<LocalQueue>(std::move(shelf));
}

}  // namespace queue
