#pragma once

#include <string>
#include <unordered_map>

#include "queue/local/shelf.h"
#include "store/sqlite/database.h"

namespace queue {

/// A shelf in an SQLite file that other processes use too. Transactions are short; a reader that finds nothing to do
/// writes nothing.
class SqliteShelf final : public Shelf {
 public:
  static base::Result<std::unique_ptr<SqliteShelf>> open(const std::string& path, const std::string& name);

  base::Result<void> begin() override;
  base::Result<void> commit() override;
  void rollback() override;

  base::Result<Head> head() override;
  base::Result<void> put(const Head& head) override;

  base::Result<std::optional<Entry>> find(std::string_view id) override;
  base::Result<void> put(const Entry& entry) override;
  base::Result<void> erase(std::string_view id) override;
  base::Result<std::int64_t> count(State state) override;
  base::Result<std::vector<Entry>> list(State state, std::int64_t skip, std::int64_t limit,
                                        JobQueue::Order order) override;

  base::Result<void> log(std::string_view id, std::string_view row, std::optional<int> keep) override;
  base::Result<LogPage> logs(std::string_view id, std::int64_t first, std::int64_t last) override;

  base::Result<std::optional<Owner>> owner(std::string_view deduplication_id) override;
  base::Result<void> put_owner(std::string_view deduplication_id, const std::optional<Owner>& owner) override;

  base::Result<std::vector<Scheduler>> schedulers() override;
  base::Result<std::optional<Scheduler>> scheduler(std::string_view id) override;
  base::Result<void> put(const Scheduler& scheduler) override;
  base::Result<void> erase_scheduler(std::string_view id) override;

  base::Result<void> clear() override;
  bool changed_elsewhere() override;

 private:
  SqliteShelf(store::Database database, std::string name) : database_(std::move(database)), name_(std::move(name)) {}

  /// A statement whose first parameter is the queue's name. `sql` must be a literal: its address is the key.
  base::Result<store::Statement*> statement(const char* sql);
  template <class Item, class Read>
  base::Result<std::vector<Item>> rows(store::Statement& select, Read read);

  store::Database database_;
  const std::string name_;
  std::unordered_map<const char*, store::Statement> statements_;
  std::string head_as_read_;
  std::string version_;  ///< Of the file's content, as far as other connections change it.
};

}  // namespace queue
