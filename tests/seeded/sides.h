#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ports/journal.h"
#include "core/ports/org.h"
#include "core/ports/store.h"
#include "values.h"

namespace seeded {

using Fields = std::vector<Text>;  ///< One a field of the object.

inline constexpr std::size_t no_parent = static_cast<std::size_t>(-1);

/// A field of a storm's object. Field 0 is a name given once: the hidden identity of a record and its row.
struct FieldSpec {
  std::string column, org_field;
  std::size_t parent = no_parent;  ///< References: the object they lead to.
  bool cascades = false;           ///< Deleting the parent in the org deletes the child too; else the field is cleared.
  bool many_parents = false;       ///< The org field may lead to other objects as well.
  model::FieldKind kind = model::FieldKind::text;
  std::int32_t scale = 0, length = 0;
  std::string transform = {};  ///< JSON, as users write it.
};

struct ObjectSpec {
  std::string object, table, prefix;
  std::vector<FieldSpec> fields;
  bool merges = false;
};

/// Accounts with parents, contacts with an account and a manager, tasks with a contact and an account; as the present
/// history has them.
const std::vector<ObjectSpec>& objects();
/// From now on the objects of all histories have fields of every kind, or only texts and an e-mail address.
void use_every_kind(bool);

/// A mapping of all fields of an object.
model::Mapping mapping_of(std::size_t object, bool with_key);

/// A record as its people see it. References hold record ids.
struct RecordView {
  model::RecordId id;
  bool deleted = false;
  bool busy = false;  ///< A transaction that is not committed holds it.
  Fields fields;
};

/// A row as the application sees it. References hold row keys.
struct RowView {
  std::string key;
  Fields fields;
  Text status, record, error;
};

struct ConflictView {
  std::size_t object = 0;
  std::string row;
  Text org, store;
  bool open = false;
};

/// The org, with the people who work in it.
class OrgSide {
 public:
  virtual ~OrgSide() = default;
  virtual core::Org& org() = 0;

  /// A process of ours begins to call, and ends well; one that dies does not say so. What org() returns lives on.
  virtual void begins() {}
  virtual void ends() {}
  /// I10: why what our calls came to is more than may be; empty if it is not.
  virtual std::string overspent() const { return {}; }

  /// Records that are visible, living or in the bin, in the order of their making.
  virtual std::vector<RecordView> records(std::size_t object) = 0;

  /// What people do. `late`: in a transaction that is committed that much later, under the stamps of now. False when
  /// the org refuses, because such a transaction holds what this one needs.
  virtual bool create(std::size_t object, const Fields& fields, std::chrono::milliseconds late) = 0;
  virtual bool edit(std::size_t object, const model::RecordId&, std::size_t field, const Text& value,
                    std::chrono::milliseconds late) = 0;
  virtual void remove(std::size_t object, const model::RecordId&) = 0;
  virtual bool undelete(std::size_t object, const model::RecordId&) = 0;
  /// Without a trace, from the bin or alive.
  virtual void purge(std::size_t object, const model::RecordId&) = 0;
  virtual void merge(std::size_t object, const model::RecordId& winner, const model::RecordId& loser) = 0;

  /// The org's clock goes on; transactions that are due are committed, the bin forgets.
  virtual void pass_time(std::chrono::milliseconds by) = 0;
  virtual base::Utc now() const = 0;
};

/// One process's way to the store.
struct Process {
  core::Store* store;
  std::function<base::Result<void>()> still_ours;
};

/// The store, with the application that works in it.
class StoreSide {
 public:
  virtual ~StoreSide() = default;

  /// A process starts and takes the lease: what others started before may no longer write.
  virtual Process start() = 0;
  virtual base::Result<void> prepare(const model::Mapping& mapping) = 0;

  virtual std::vector<RowView> rows(std::size_t object) = 0;
  /// `key`: the row comes back under it.
  virtual std::string insert(std::size_t object, const Fields& fields, const std::string& key = {}) = 0;
  virtual void edit(std::size_t object, const std::string& key, std::size_t field, const Text& value) = 0;
  virtual void erase(std::size_t object, const std::string& key) = 0;

  virtual std::vector<ConflictView> conflicts() = 0;
  /// What the inbox shows, and whoever carries out what people decide there. None where there is no inbox.
  virtual std::vector<core::ConflictEntry> inbox() { return {}; }
  virtual core::Store* desk() { return nullptr; }
  virtual std::size_t outbox(const model::Mapping& mapping) = 0;
  virtual std::size_t parked(const model::Mapping& mapping) = 0;
};

}  // namespace seeded
