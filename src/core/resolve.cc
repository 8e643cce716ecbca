#include "core/resolve.h"

#include <algorithm>

namespace core {
namespace {

using model::Cell;

Cell cell_of(const Text& text) {
  return text ? Cell{*text} : Cell{};
}

}  // namespace

base::Result<void> resolve_conflict(Store& store, const model::Mapping& mapping, const ConflictEntry& conflict,
                                    const Choice& choice, const Safeguards& safeguards,
                                    std::span<const ConflictEntry> beside) {
  const std::string what = "conflict " + std::to_string(conflict.id);
  if (conflict.decision != "open" || conflict.resolved_at)
    return base::failure(base::ErrorKind::precondition, what + " is settled already");
  const auto found = std::ranges::find(mapping.fields, conflict.field, &model::FieldMapping::org_field);
  if (found == mapping.fields.end())
    return base::failure(base::ErrorKind::settings, what + ": " + mapping.object + "." + conflict.field +
                                                        " is not mapped any more; map it again to decide");
  const auto field = static_cast<std::size_t>(found - mapping.fields.begin());

  /// What a person was shown of one field; those that are mapped no more have nothing to settle.
  struct Shown {
    std::size_t field;
    const ConflictEntry* entry;
  };
  std::vector<Shown> all{{field, &conflict}};
  for (const ConflictEntry& other : beside) {
    const auto mapped = std::ranges::find(mapping.fields, other.field, &model::FieldMapping::org_field);
    if (mapped != mapping.fields.end())
      all.push_back({static_cast<std::size_t>(mapped - mapping.fields.begin()), &other});
  }

  base::Arena arena;
  Cell value;
  if (choice.take == Choice::Take::value && !choice.value.empty()) {
    const auto read = model::canonical(found->type, choice.value, arena);
    if (!read)
      return base::failure(base::ErrorKind::rejected,
                           what + ": \"" + choice.value + "\" is no " + std::string{model::name_of(found->type.kind)});
    value = *read;
  }
  std::vector<Cell> base, values;
  std::optional<base::Error> stale;
  const std::vector rows{conflict.row};
  ASSIGN_OR_RETURN(const auto refused, store.update(mapping, rows, [&](const Known& known) {
    stale.reset();
    WriteSet writes;
    const KnownHead& head = known.heads[0];
    const bool as_shown = std::ranges::all_of(all, [&](const Shown& shown) {
      const model::FieldType& type = mapping.fields[shown.field].type;
      return same_value(type, known.rows[0][shown.field], cell_of(shown.entry->store)) &&
             same_value(type, known.bases[0][shown.field], cell_of(shown.entry->base));
    });
    const bool record_gone = head.link == LinkState::record_deleted && head.row_exists;
    const bool row_gone = head.link == LinkState::row_gone && !head.row_exists;
    if (row_gone && choice.take != Choice::Take::store) {
      stale = base::Error{base::ErrorKind::precondition,
                          what + ": row " + conflict.row.text + " of " + mapping.table +
                              " was deleted; insert it again under that key, and it is joined with its record"};
      return writes;
    }
    const bool decidable = (head.link == LinkState::linked && head.row_exists) || record_gone || row_gone;
    if (!decidable || (!as_shown && safeguards.resolve_what_was_shown)) {
      stale =
          base::Error{base::ErrorKind::precondition, what + ": row " + conflict.row.text + " of " + mapping.table +
                                                         " has changed since; sync, then look at the conflict again"};
      return writes;
    }
    Settlement settlement;
    settlement.at = 0;
    base.assign(known.bases[0].begin(), known.bases[0].end());
    if (record_gone && choice.take != Choice::Take::org) {
      settlement.link = LinkState::none;  // The edit is worth a new record.
    } else {
      for (const Shown& shown : all)
        base[shown.field] = choice.take == Choice::Take::org ? known.rows[0][shown.field] : cell_of(shown.entry->org);
      settlement.base = base;
    }
    if (row_gone) {
      // Without the edit that stood against it, the deletion is followed.
      settlement.link = LinkState::row_deleted;
      settlement.record = head.record;
      settlement.stamp = head.stamp;
    }
    if (choice.take == Choice::Take::value) {
      values.assign(known.rows[0].begin(), known.rows[0].end());
      values[field] = value;
      settlement.values = values;
      settlement.columns.set(field);
    }
    settlement.resolution = choice.by;
    for (const Shown& shown : all) settlement.resolved.set(shown.field);
    settlement.enqueue = head.row_exists && head.pending == model::OutboxSeq::none;
    writes.settlements.push_back(std::move(settlement));
    return writes;
  }));
  if (stale) return std::unexpected(*std::move(stale));
  if (!refused.empty()) return std::unexpected(refused.front().error);
  return {};
}

}  // namespace core
