#include "memory_side.h"

#include "store_handle.h"

namespace seeded {
namespace {

/// The store under one epoch.
class Handle final : public StoreHandle {
 public:
  Handle(store::MemoryStore& store, std::int64_t epoch) : StoreHandle(store), memory_(store), epoch_(epoch) {}

 private:
  std::optional<base::Error> before() override {
    memory_.bind(epoch_);
    return std::nullopt;
  }
  store::MemoryStore& memory_;
  const std::int64_t epoch_;
};

}  // namespace

MemorySide::MemorySide(const base::Clock& clock) : store_(clock) {
  for (const ObjectSpec& spec : objects()) {
    std::vector<std::string> columns;
    for (const FieldSpec& field : spec.fields) columns.push_back(field.column);
    store_.create_table(spec.table, columns);
  }
}

Process MemorySide::start() {
  store_.take_over();
  const std::int64_t epoch = store_.newest_epoch();
  handles_.push_back(std::make_unique<Handle>(store_, epoch));
  return {handles_.back().get(), [this, epoch]() -> base::Result<void> {
            if (store_.newest_epoch() == epoch) return {};
            return base::failure(base::ErrorKind::cancelled, "the lease was taken over");
          }};
}

std::vector<RowView> MemorySide::rows(std::size_t object) {
  const ObjectSpec& spec = objects()[object];
  std::vector<RowView> rows;
  for (const std::string& key : store_.keys(spec.table)) {
    RowView& row = rows.emplace_back();
    row.key = key;
    for (const FieldSpec& field : spec.fields) row.fields.push_back(store_.cell(spec.table, key, field.column));
    row.status = store_.cell(spec.table, key, "salesforce_sync_status");
    row.record = store_.cell(spec.table, key, "salesforce_id");
    row.error = store_.cell(spec.table, key, "salesforce_sync_error");
  }
  return rows;
}

std::string MemorySide::insert(std::size_t object, const Fields& fields, const std::string& key) {
  const ObjectSpec& spec = objects()[object];
  store::MemoryStore::Values values;
  for (std::size_t f = 0; f < fields.size(); ++f) values[spec.fields[f].column] = fields[f];
  if (!key.empty()) values["id"] = key;
  return store_.insert(spec.table, values);
}

void MemorySide::edit(std::size_t object, const std::string& key, std::size_t field, const Text& value) {
  store_.update(objects()[object].table, key, {{objects()[object].fields[field].column, value}});
}

void MemorySide::erase(std::size_t object, const std::string& key) {
  store_.erase(objects()[object].table, key);
}

std::vector<ConflictView> MemorySide::conflicts() {
  std::vector<ConflictView> views;
  for (const auto& conflict : store_.conflicts())
    for (std::size_t i = 0; i < objects().size(); ++i)
      if (objects()[i].object == conflict.object)
        views.push_back({i, conflict.row, conflict.org, conflict.store, conflict.open});
  return views;
}

}  // namespace seeded
