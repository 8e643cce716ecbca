#pragma once

#include <map>

#include "base/clock.h"
#include "core/ports/registry.h"
#include "sides.h"

struct sqlite3;
struct sqlite3_stmt;

namespace store {
class SqliteStore;
}

namespace seeded {

/// The real store over a file in memory. The application is a second connection that knows nothing of Lockstep; every
/// process opens the file anew and holds the real lease; SQLite's own clock is the storm's.
class SqliteSide final : public StoreSide {
 public:
  explicit SqliteSide(const base::Clock& clock);
  ~SqliteSide() override;

  Process start() override;
  base::Result<void> prepare(const model::Mapping& mapping) override;
  std::vector<RowView> rows(std::size_t object) override;
  std::string insert(std::size_t object, const Fields& fields, const std::string& key) override;
  void edit(std::size_t object, const std::string& key, std::size_t field, const Text& value) override;
  void erase(std::size_t object, const std::string& key) override;
  std::vector<ConflictView> conflicts() override;
  std::vector<core::ConflictEntry> inbox() override;
  core::Store* desk() override;
  core::Registry& registry();
  std::size_t outbox(const model::Mapping& mapping) override;
  std::size_t parked(const model::Mapping& mapping) override;

 private:
  std::vector<std::vector<Text>> run(const std::string& sql, const Fields& parameters = {});
  std::size_t count(const std::string& sql, const model::Mapping& mapping);

  const base::Clock& clock_;
  std::string path_;
  sqlite3* application_ = nullptr;
  std::map<std::string, sqlite3_stmt*> statements_;             ///< Of the application, by their text.
  std::vector<std::shared_ptr<store::SqliteStore>> processes_;  ///< The last one is the newest.
  int started_ = 0;
};

}  // namespace seeded
