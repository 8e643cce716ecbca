#include "core/push_pass.h"

#include <algorithm>

#include "core/deletes.h"
#include "core/history.h"
#include "core/identity.h"
#include "core/kinds.h"
#include "core/retry.h"
#include "core/twins.h"

namespace core {
namespace {

using model::Cell;

constexpr std::chrono::hours parent_patience{24};  ///< A row whose parent is missing is offered again after this.
constexpr std::chrono::minutes doubt_patience{5};  ///< A create whose outcome is unknown is asked for again.
/// Attempts whose outcome is unknown that are kept of each record; the oldest values go first.
constexpr std::size_t most_attempts = 16;

constexpr std::size_t most_errors = 100;  ///< Named one by one; the rest is counted.

base::Error record_is_gone(const model::Mapping& mapping, const model::RecordId& record) {
  return {base::ErrorKind::rejected,
          mapping.object + " " + record.str() +
              " was deleted in Salesforce or is hidden from the sync user, so this row's edit has nowhere to go: "
              "restore the record, or delete the row",
          "ENTITY_IS_DELETED"};
}

base::Error in_doubt(std::string why) {
  return {base::ErrorKind::precondition, std::move(why), "CREATE_IN_DOUBT"};
}

}  // namespace

/// What a step means to do about one row.
struct PushPass::Intent {
  enum class Kind { nothing, create, update, hold } kind = Kind::nothing;
  model::FieldSet fields;
  model::FieldSet won;  ///< Of them, those whose value beats one of the org's.
  model::RecordId record;
  std::string upsert_key;
  model::OutboxSeq seq{};  ///< The entry as it was when the row was read.
  base::Utc unless_changed_since{};
  std::size_t write = 0;  ///< Index of the org write.
  bool links = false;     ///< A record found by its key was linked.
  std::int64_t conflicts = 0;
  std::optional<base::Error> parked;     ///< Set aside before anything was sent.
  std::optional<std::size_t> waits_for;  ///< A reference that waits for its parent; the rest is sent.
  base::Error why_waiting{};
  bool pull_waits = false;               ///< The org changed a reference, which only a pull can spell.
  std::vector<Conflict> late_conflicts;  ///< Only when the loser is not recorded first (see Safeguards).
};

/// The org's side of a page of rows.
struct PushPass::Look {
  std::vector<model::RowKey> rows;
  Observation observed;                                ///< Only records that exist.
  std::vector<std::optional<std::size_t>> at;          ///< Row → place in `observed`.
  std::vector<std::optional<FoundRecord>> found;       ///< For announced creates.
  std::vector<std::optional<base::Error>> unreadable;  ///< Row → why its record cannot be read.
  Observation gone;                                    ///< What became of linked records that are not there.
  std::vector<std::optional<std::size_t>> gone_at;     ///< Row → place in `gone`.
  base::Utc org_time{};                                ///< For creates without a key.
  std::vector<bool> merged;                            ///< Row → its record was merged: its link has moved since.
};

PushPass::PushPass(const model::Mapping& mapping, Org& org, Store& store, const base::Clock& clock,
                   base::Random& random, const Safeguards& safeguards, std::size_t page_size)
    : mapping_(mapping),
      org_(org),
      store_(store),
      clock_(clock),
      random_(random),
      safeguards_(safeguards),
      page_size_(page_size),
      outcomes_(mapping.fields.size()) {}

void PushPass::restart() {
  after_ = model::OutboxSeq::none;
  left_behind_ = false;
}

base::Result<Step> PushPass::step() {
  // What is read in bulk may be older than what we would write meanwhile, and be taken for an edit of it.
  ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
  seen_through_ = core::seen_through(mapping_, position);
  if (safeguards_.push_after_bulk && std::holds_alternative<model::BulkPlace>(position)) return Step::idle;
  if (after_ == model::OutboxSeq::none) {
    ASSIGN_OR_RETURN(const Creates creates, resolve_creates(mapping_, org_, store_, safeguards_));
    counts_.linked += creates.found;
  }
  ASSIGN_OR_RETURN(auto entries, store_.outbox(mapping_, after_, page_size_));  // fetch
  if (entries.empty()) return left_behind_ ? Step::waiting : Step::idle;
  const model::OutboxSeq last = entries.back().seq;
  ASSIGN_OR_RETURN(const LinkedTwins twins, link_twins(mapping_, org_, store_, clock_, safeguards_, position, entries));
  counts_.linked += twins.linked;
  counts_.conflicts += twins.conflicts;
  for (const auto& [row, error] : twins.ambiguous) set_aside(row, error);
  if (twins.linked > 0 || !twins.ambiguous.empty()) {
    ASSIGN_OR_RETURN(entries, store_.outbox(mapping_, after_, page_size_));
    std::erase_if(entries, [&](const OutboxEntry& entry) { return entry.seq > last; });
  }
  ASSIGN_OR_RETURN(const Look seen, look(entries));  // observe

  std::vector<Intent> intents;
  ASSIGN_OR_RETURN(auto refused, store_.update(mapping_, seen.rows, [&](const Known& known) {  // reconcile
    return announce(seen, known, intents);
  }));
  // What the store would not note is not sent.
  for (const Refused& one : refused) intents[one.at] = {};
  std::vector<OrgWrite> writes;
  for (std::size_t i = 0; i < intents.size(); ++i) {
    Intent& intent = intents[i];
    if (intent.kind != Intent::Kind::create && intent.kind != Intent::Kind::update) continue;
    intent.write = writes.size();
    writes.push_back({intent.record, intent.upsert_key, intent.fields, values_[i], intent.unless_changed_since});
  }
  std::vector<base::Result<model::RecordId>> results;
  if (!writes.empty()) {
    auto written = org_.write(mapping_, writes);  // apply
    if (!written) {
      if (not_done(written.error())) RETURN_IF_ERROR(withdraw(seen, intents));
      return std::unexpected(std::move(written).error());
    }
    results = *std::move(written);
    CHECK(results.size() == writes.size());
  }
  ASSIGN_OR_RETURN(auto refused_after, store_.update(mapping_, seen.rows, [&](const Known& known) {  // checkpoint
    return confirm(seen, known, intents, results);
  }));
  count(seen, intents, results);
  count_refused(seen, refused);
  count_refused(seen, refused_after);
  after_ = last;
  return Step::progressed;
}

base::Result<PushPass::Look> PushPass::look(const std::vector<OutboxEntry>& entries) {
  Look seen;
  seen.observed.restart(mapping_.fields.size());
  seen.at.resize(entries.size());
  seen.found.resize(entries.size());
  seen.unreadable.resize(entries.size());
  seen.gone_at.resize(entries.size());
  seen.merged.resize(entries.size());
  std::vector<model::RecordId> ids(entries.size());
  std::vector<std::string_view> keys;
  std::vector<std::size_t> asked;
  bool any_creates = false;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    seen.rows.push_back(entries[i].row);
    ids[i] = entries[i].record;
    any_creates = any_creates || !entries[i].record;
    if (!entries[i].record && !entries[i].upsert_key.empty()) {
      keys.push_back(entries[i].upsert_key);
      asked.push_back(i);
    }
  }
  if (any_creates && mapping_.upsert_field.empty()) {
    // Nothing was made before the end of time: this asks what time it is.
    ASSIGN_OR_RETURN(const Observation now, org_.created(mapping_, base::Utc::max()));
    seen.org_time = now.as_of;
  }
  if (!keys.empty() && safeguards_.create_by_kept_key && !mapping_.upsert_field.empty()) {
    ASSIGN_OR_RETURN(const auto found, org_.find(mapping_, keys));
    CHECK(found.size() == keys.size());
    for (std::size_t k = 0; k < asked.size(); ++k) {
      seen.found[asked[k]] = found[k];
      if (found[k] && (!found[k]->deleted || safeguards_.look_in_the_bin)) ids[asked[k]] = found[k]->id;
    }
  }
  std::vector<model::RecordId> wanted;
  std::vector<std::size_t> wanted_by;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!ids[i]) continue;
    wanted.push_back(ids[i]);
    wanted_by.push_back(i);
  }
  if (!wanted.empty()) {
    ASSIGN_OR_RETURN(seen.observed, org_.retrieve(mapping_, wanted));
    CHECK(seen.observed.size() == wanted.size());
    if (!any_creates) seen.org_time = seen.observed.as_of;  // A row whose record is gone may be made again.
    for (std::size_t k = 0; k < wanted.size(); ++k)
      if (seen.observed.heads[k].id) seen.at[wanted_by[k]] = k;
    for (const Unreadable& record : seen.observed.unreadable) seen.unreadable[wanted_by[record.at]] = record.error;
  }
  RETURN_IF_ERROR(look_for_gone(wanted, wanted_by, seen));
  return seen;
}

base::Result<void> PushPass::look_for_gone(const std::vector<model::RecordId>& wanted,
                                           const std::vector<std::size_t>& wanted_by, Look& seen) {
  std::vector<model::RecordId> missing;
  std::vector<std::size_t> missing_by;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    if (seen.at[wanted_by[k]] || seen.unreadable[wanted_by[k]]) continue;
    missing.push_back(wanted[k]);
    missing_by.push_back(wanted_by[k]);
  }
  if (missing.empty()) return {};
  ASSIGN_OR_RETURN(seen.gone, org_.fates(mapping_, missing));
  CHECK(seen.gone.size() == missing.size());
  for (std::size_t k = 0; k < missing.size(); ++k) {
    RecordHead& head = seen.gone.heads[k];
    if (head.id && head.merged_into && safeguards_.follow_merges) {
      RETURN_IF_ERROR(follow_merge(mapping_, org_, store_, head.id, head.merged_into));
      seen.merged[missing_by[k]] = true;
    } else if (!head.id || head.deleted) {
      if (!head.id) head = {.id = missing[k], .upsert_key = {}, .stamp = {}, .deleted = true};
      seen.gone_at[missing_by[k]] = k;
    }
  }
  return {};
}

WriteSet PushPass::announce(const Look& seen, const Known& known, std::vector<Intent>& intents) {
  const std::size_t width = mapping_.fields.size();
  values_.restart(width);
  values_.add(seen.rows.size());
  for (model::Grid* grid : {&bases_, &rows_}) {
    grid->restart(width);
    grid->add(seen.rows.size());
  }
  intents.assign(seen.rows.size(), {});
  WriteSet writes;
  for (std::size_t i = 0; i < seen.rows.size(); ++i) {
    Settlement settlement;
    settlement.at = i;
    announce_row(seen, known, i, settlement, intents[i]);
    writes.settlements.push_back(std::move(settlement));
  }
  return writes;
}

void PushPass::announce_row(const Look& seen, const Known& known, std::size_t i, Settlement& settlement,
                            Intent& intent) {
  const KnownHead& head = known.heads[i];
  intent.seq = head.pending;
  const auto park = [&](base::Error error) {
    intent.parked = error;
    const base::Utc retry_at = next_attempt(error.kind, head.attempts + 1, clock_.now());
    settlement.parked = Parked{std::move(error), retry_at};
    settlement.acknowledge = head.pending;
  };
  if (!head.row_exists) {
    const RecordHead* record = seen.at[i] ? &seen.observed.heads[*seen.at[i]] : nullptr;
    const auto org = seen.at[i] ? seen.observed.cells[*seen.at[i]] : std::span<const Cell>{};
    return note_row_deleted(mapping_, head, record, org, bases_[i], settlement);
  }
  if (head.unreadable) return park(*head.unreadable);
  if (seen.unreadable[i]) return park(*seen.unreadable[i]);
  if (seen.merged[i]) {
    // Its link has moved, or it is to go with its record: the next look at it knows.
    intent.kind = Intent::Kind::hold;
    left_behind_ = true;
    return;
  }
  for (std::size_t f = 0; f < known.rows[i].size(); ++f) values_[i][f] = kept(known.rows[i][f]);
  if (seen.at[i]) return announce_update(seen, known, i, settlement, intent);
  switch (head.link) {
    case LinkState::record_gone:
      settlement.acknowledge = head.pending;  // Left alone.
      return;
    case LinkState::record_deleted:
      intent.kind = Intent::Kind::hold;  // Compared with its base when the deletion is settled.
      return;
    case LinkState::linked:
    case LinkState::creating:
      if (seen.gone_at[i]) {
        if (auto error = announce_gone(seen, known, i, settlement)) park(*std::move(error));
        return;
      }
      if (head.link == LinkState::linked) {
        intent.kind = Intent::Kind::hold;  // There again in this very moment.
        left_behind_ = true;
        return;
      }
      if (head.upsert_key.empty() && safeguards_.note_intents)
        return set_waiting(head, settlement, intent, std::nullopt,
                           in_doubt("its creation was cut off: Salesforce is asked again whether the record was made"));
      if (!head.upsert_key.empty() && mapping_.upsert_field.empty())
        return set_waiting(head, settlement, intent, std::nullopt,
                           in_doubt("its creation was cut off, and the field by which its record would be found is "
                                    "gone from Salesforce, or hidden: bring the field back"));
      break;
    case LinkState::none:
    case LinkState::row_gone:
    case LinkState::row_deleted:
    case LinkState::both_gone:
      // The row was put back after its record had gone: with the new record the old one is forgotten.
      if (seen.gone_at[i] && seen.gone.heads[*seen.gone_at[i]].stamp != base::Utc{})
        note_edits_in_bin(mapping_, known.bases[i], seen.gone.cells[*seen.gone_at[i]], settlement);
      intent.conflicts = static_cast<std::int64_t>(settlement.conflicts.size());
      break;
  }
  announce_create(seen, known, i, settlement, intent);
}

std::optional<base::Error> PushPass::announce_gone(const Look& seen, const Known& known, std::size_t i,
                                                   Settlement& settlement) {
  const KnownHead& head = known.heads[i];
  const RecordHead& record = seen.gone.heads[*seen.gone_at[i]];
  if (mapping_.direction == model::SyncDirection::to_org) {
    // Nothing flows back to such a row: it is made again, or stays with its edit. What vanished may live unseen.
    if (mapping_.on_record_deleted == model::DeletePolicy::recreate && record.stamp != base::Utc{}) {
      settlement.link = LinkState::none;
      settlement.enqueue = true;
      left_behind_ = true;
      return std::nullopt;
    }
    settlement.link = LinkState::record_gone;
    settlement.record = record.id;
    return record_is_gone(mapping_, record.id);
  }
  const auto last = record.stamp == base::Utc{} ? std::span<const Cell>{} : seen.gone.cells[*seen.gone_at[i]];
  note_record_deleted(mapping_, head, record, last, known.bases[i], known.rows[i], bases_[i], settlement);
  return std::nullopt;
}

void PushPass::announce_create(const Look& seen, const Known& known, std::size_t i, Settlement& settlement,
                               Intent& intent) {
  const KnownHead& head = known.heads[i];
  const auto store = known.rows[i];
  const auto values = values_[i];
  for (std::size_t f = 0; f < store.size(); ++f) {
    const model::FieldMapping& field = mapping_.fields[f];
    if (field.direction == model::SyncDirection::to_store) continue;
    if (store[f].is_unresolved()) {
      if (safeguards_.wait_for_parents && !(field.deferred && !field.required))
        return set_waiting(head, settlement, intent, f, why_waiting(known, i, f));
      if (safeguards_.wait_for_parents) intent.waits_for = f;
      continue;
    }
    if (store[f].is_null()) continue;
    if (field.role == model::FieldRole::parent_name) {
      if (!values[field.via].is_null() || store[field.via].is_unresolved()) continue;
      if (known.parents[i][f].has_text()) {
        name_parent(known, i, f, settlement, intent);
      } else if (!intent.waits_for) {
        intent.waits_for = f;
      }
      continue;
    }
    intent.fields.set(f);
  }
  if (intent.waits_for) intent.why_waiting = why_waiting(known, i, *intent.waits_for);
  intent.kind = Intent::Kind::create;
  settlement.link = LinkState::creating;
  // It never was in the filter, so it cannot leave it; a poll tells if it is.
  if (mapping_.follows_filter() && mapping_.on_filter_leave == model::FilterLeave::remove)
    settlement.place = FilterPlace::outside;
  if (mapping_.upsert_field.empty()) {
    settlement.stamp = seen.org_time - clock_margin;
  } else {
    const bool keep = safeguards_.create_by_kept_key && !head.upsert_key.empty() && !head.record;
    intent.upsert_key = keep ? head.upsert_key : random_.uuid();
    settlement.upsert_key = intent.upsert_key;
  }
  // An upsert that is repeated may come as an update of what the first made, any time later. What has no key is made
  // after the stamp; that stays with the values, should the row be deleted and its link say when.
  model::SentValue attempt{};
  if (mapping_.upsert_field.empty()) attempt.over = settlement.stamp;
  announce_values(head.link == LinkState::creating ? head.sent : std::vector<model::SentValue>{}, std::move(attempt), i,
                  settlement, intent);
}

void PushPass::announce_update(const Look& seen, const Known& known, std::size_t i, Settlement& settlement,
                               Intent& intent) {
  const KnownHead& head = known.heads[i];
  const auto store = known.rows[i];
  const auto org = seen.observed.cells[*seen.at[i]];
  const RecordHead& record = seen.observed.heads[*seen.at[i]];
  const Sides sides{.fields = mapping_.fields,
                    .base = known.bases[i],
                    .org = org,
                    .store = store,
                    .sent = head.sent,
                    .unlinked = {},
                    .org_changed_at = record.stamp,
                    .store_changed_at = known.by_org(head.changed_at),
                    .seen_through = seen_by(head, seen_through_)};
  reconcile(sides, safeguards_, outcomes_);
  // Whether a reference of the org can be spelt in the store only a pull knows; it takes those.
  model::FieldSet for_the_pull;
  for (std::size_t f = 0; f < outcomes_.size(); ++f)
    if (mapping_.fields[f].role != model::FieldRole::plain &&
        (outcomes_[f] == Outcome::to_store || outcomes_[f] == Outcome::org_won)) {
      outcomes_[f] = Outcome::left;
      for_the_pull.set(f);
      intent.pull_waits = settlement.pull_waits = true;
    }
  settle_store_half(sides, outcomes_, bases_[i], settlement);
  if (head.link == LinkState::creating)
    settlement.sent = once_made(head.sent, settlement.sent.value_or(head.sent), seen.observed.as_of);
  std::vector<model::SentValue> sent = settlement.sent.value_or(head.sent);
  if (head.link != LinkState::linked) {
    settlement.link = LinkState::linked;
    settlement.record = record.id;
    settlement.stamp = record.stamp;
    if (head.link == LinkState::record_gone) settlement.archived = false;
    intent.links = true;
  }
  intent.record = record.id;
  intent.unless_changed_since = safeguards_.conditional_writes ? record.stamp : base::Utc::max();
  for (std::size_t f = 0; f < outcomes_.size(); ++f) {
    if (outcomes_[f] == Outcome::waiting && !intent.waits_for) intent.waits_for = f;
    if (outcomes_[f] != Outcome::to_org && outcomes_[f] != Outcome::store_won) continue;
    const model::FieldMapping& field = mapping_.fields[f];
    if (field.role != model::FieldRole::parent_name) {
      intent.fields.set(f);
    } else if (outcomes_[field.via] == Outcome::agreed || for_the_pull[field.via]) {
      // The org's parent is called what was agreed on; where its reference looks new, it could not be spelt in the row.
      if (known.parents[i][f].has_text() || store[f].is_null()) {
        name_parent(known, i, f, settlement, intent);
      } else if (!intent.waits_for) {
        intent.waits_for = f;
      }
    }
    intent.won[f] = outcomes_[f] == Outcome::store_won;
    if (outcomes_[f] == Outcome::store_won)
      (safeguards_.record_loser_first ? settlement.conflicts : intent.late_conflicts)
          .push_back({f, kept(known.bases[i][f]), kept(org[f]), kept(store[f]), Conflict::Decision::store_won});
  }
  date_conflicts(record, head, settlement.conflicts);
  date_conflicts(record, head, intent.late_conflicts);
  intent.conflicts = static_cast<std::int64_t>(settlement.conflicts.size());
  if (intent.waits_for) intent.why_waiting = why_waiting(known, i, *intent.waits_for);
  if (intent.fields.none()) {
    if (intent.waits_for) return set_waiting(head, settlement, intent, intent.waits_for, intent.why_waiting);
    settlement.unpark = head.parked;
    settlement.acknowledge = head.pending;
    return;
  }
  if (safeguards_.wait_out_the_second && record.stamp >= base::whole_second(seen.observed.as_of)) {
    intent.kind = Intent::Kind::hold;
    intent.fields.reset();
    left_behind_ = true;
    // The org's half waits, and what it would have destroyed with it; the store's half stands.
    std::erase_if(settlement.conflicts,
                  [](const Conflict& conflict) { return conflict.decision == Conflict::Decision::store_won; });
    return;
  }
  intent.kind = Intent::Kind::update;
  announce_values(std::move(sent), {0, {}, seen.observed.as_of, record.stamp}, i, settlement, intent);
}

void PushPass::announce_values(std::vector<model::SentValue> sent, model::SentValue attempt, std::size_t i,
                               Settlement& settlement, const Intent& intent) {
  if (!safeguards_.announce_before_write) return;
  const auto first = [&] {
    std::size_t f = 0;
    while (f < values_[i].size() && !intent.fields[f]) ++f;
    return f;
  }();
  // See once_made(): an attempt that only names later fields than the last one would pass for the rest of that.
  if (!sent.empty() && attempt.at == base::Utc{} && sent.back().field < first) sent.push_back(sent.back());
  for (std::size_t f = 0; f < values_[i].size(); ++f) {
    if (!intent.fields[f]) continue;
    attempt.field = f;
    attempt.value = values_[i][f];
    sent.push_back(attempt);
  }
  const std::size_t most = most_attempts * intent.fields.count();
  if (sent.size() > most) sent.erase(sent.begin(), sent.end() - static_cast<std::ptrdiff_t>(most));
  settlement.sent = std::move(sent);
}

Cell PushPass::kept(const Cell& cell) {
  return cell.has_text() ? Cell{values_.text().copy(cell.text())} : Cell{};
}

void PushPass::name_parent(const Known& known, std::size_t i, std::size_t field, Settlement& settlement,
                           Intent& intent) {
  const std::size_t via = mapping_.fields[field].via;
  const auto row = rows_[i];
  std::ranges::copy(settlement.values, row.begin());
  row[via] = values_[i][via] = kept(known.parents[i][field]);
  // A row that went on referring to another parent would be taken for an edit of what its name has just said.
  settlement.values = row;
  settlement.columns.set(via);
  intent.fields.set(via);
}

base::Error PushPass::why_waiting(const Known& known, std::size_t i, std::size_t field) const {
  const model::FieldMapping& to = mapping_.fields[field];
  if (to.role != model::FieldRole::parent_name)
    return {base::ErrorKind::precondition,
            "waits until its " + to.parent_object + " (" + to.column + ") is in Salesforce", "WAITING_FOR_PARENT"};
  const std::string called = to.parent_object + " named \"" + std::string{known.rows[i][field].text()} + "\"";
  const std::string& reference = mapping_.fields[to.via].column;
  if (known.parents[i][field].is_unresolved())
    return {base::ErrorKind::precondition,
            "waits, since no " + called + " has a record (" + to.column + "): create it or choose " + reference,
            "WAITING_FOR_PARENT"};
  return {base::ErrorKind::rejected, "there is more than one " + called + " (" + to.column + "): choose " + reference,
          "AMBIGUOUS_PARENT"};
}

void PushPass::set_waiting(const KnownHead& head, Settlement& settlement, Intent& intent,
                           std::optional<std::size_t> field, base::Error why) {
  intent.kind = Intent::Kind::hold;
  intent.fields.reset();
  if (why.kind == base::ErrorKind::precondition) settlement.waiting_for = why.message;
  settlement.parked = Parked{std::move(why), clock_.now() + (field ? parent_patience : doubt_patience), {}, {}, field};
  settlement.acknowledge = head.pending;
}

/// Takes back what was announced of a call that certainly was not made: what the org holds is nobody's but its own.
base::Result<void> PushPass::withdraw(const Look& seen, const std::vector<Intent>& intents) {
  ASSIGN_OR_RETURN([[maybe_unused]] const auto refused, store_.update(mapping_, seen.rows, [&](const Known& known) {
    WriteSet writes;
    for (std::size_t i = 0; i < intents.size(); ++i) {
      if (intents[i].kind != Intent::Kind::create && intents[i].kind != Intent::Kind::update) continue;
      Settlement settlement;
      settlement.at = i;
      settle_announcement(known.heads[i], intents[i], i, false, settlement);
      writes.settlements.push_back(std::move(settlement));
    }
    return writes;
  }));
  return {};
}

void PushPass::settle_announcement(const KnownHead& head, const Intent& intent, std::size_t i, bool done,
                                   Settlement& settlement) {
  // Certainly not done, and nothing to find it by: as if it had never been announced.
  if (!done && intent.kind == Intent::Kind::create && mapping_.upsert_field.empty() &&
      head.link == LinkState::creating && !head.record)
    settlement.link = LinkState::none;
  std::vector<model::SentValue> sent = head.sent;
  if (done) {
    std::erase_if(sent, [&](const model::SentValue& s) { return intent.fields[s.field]; });
  } else {
    // An earlier attempt at the same may still come.
    for (std::size_t f = 0; f < values_[i].size(); ++f) {
      const auto ours = [&](const model::SentValue& s) { return s.field == f && s.value == values_[i][f]; };
      const auto last = std::ranges::find_if(sent.rbegin(), sent.rend(), ours);
      if (intent.fields[f] && last != sent.rend()) sent.erase(std::next(last).base());
    }
  }
  settlement.sent = std::move(sent);
}

WriteSet PushPass::confirm(const Look& seen, const Known& known, const std::vector<Intent>& intents,
                           const std::vector<base::Result<model::RecordId>>& results) {
  WriteSet writes;
  for (std::size_t i = 0; i < intents.size(); ++i) {
    const Intent& intent = intents[i];
    if (intent.kind != Intent::Kind::create && intent.kind != Intent::Kind::update) continue;
    const KnownHead& head = known.heads[i];
    const auto& result = results[intent.write];
    const model::OutboxSeq seq = safeguards_.acknowledge_by_seq ? intent.seq : head.pending;
    Settlement settlement;
    settlement.at = i;
    // With the answer known, this attempt's announcement is settled: done, or certainly not.
    if (result || not_done(result.error())) settle_announcement(head, intent, i, result.has_value(), settlement);
    if (result) {
      for (std::size_t f = 0; f < mapping_.fields.size(); ++f) {
        bases_[i][f] = intent.fields[f] ? values_[i][f] : known.bases[i][f];
        if (!intent.fields[f]) continue;
        const Cell before = seen.at[i] ? seen.observed.cells[*seen.at[i]][f] : Cell{};
        settlement.sent_to_org.push_back({f, before, values_[i][f], intent.won[f]});
      }
      settlement.request = org_.request_of(intent.write);
      settlement.base = bases_[i];
      settlement.link = LinkState::linked;
      settlement.record = *result;
      settlement.upsert_key = intent.upsert_key;
      settlement.unpark = head.parked;
      settlement.pull_waits = intent.pull_waits;
      settlement.conflicts = intent.late_conflicts;
      settlement.acknowledge = seq;
      if (intent.waits_for) {
        Intent rest;
        set_waiting(head, settlement, rest, intent.waits_for, intent.why_waiting);
        settlement.acknowledge = seq;
        settlement.unpark = false;
      }
    } else if (is_for_good(result.error().kind)) {
      settlement.parked = Parked{result.error(),
                                 next_attempt(result.error().kind, head.attempts + 1, clock_.now()),
                                 {},
                                 request_json(mapping_, intent.fields, values_[i])};
      settlement.acknowledge = seq;
    } else {
      left_behind_ = true;
      if (!safeguards_.acknowledge_done_only) settlement.acknowledge = seq;
    }
    writes.settlements.push_back(std::move(settlement));
  }
  return writes;
}

void PushPass::count(const Look& seen, const std::vector<Intent>& intents,
                     const std::vector<base::Result<model::RecordId>>& results) {
  for (std::size_t i = 0; i < intents.size(); ++i) {
    const Intent& intent = intents[i];
    counts_.linked += intent.links ? 1 : 0;
    counts_.conflicts += intent.conflicts;
    if (intent.parked) set_aside(seen.rows[i], *intent.parked);
    if (intent.waits_for && intent.why_waiting.kind == base::ErrorKind::rejected)
      set_aside(seen.rows[i], intent.why_waiting);
    if (intent.kind != Intent::Kind::create && intent.kind != Intent::Kind::update) continue;
    const auto& result = results[intent.write];
    if (!result) {
      if (is_for_good(result.error().kind)) set_aside(seen.rows[i], result.error());
    } else if (intent.kind == Intent::Kind::create) {
      ++counts_.created;
    } else {
      ++counts_.updated;
    }
  }
}

void PushPass::count_refused(const Look& seen, const std::vector<Refused>& refused) {
  for (const Refused& one : refused) set_aside(seen.rows[one.at], one.error);
}

void PushPass::set_aside(const model::RowKey& row, const base::Error& error) {
  ++counts_.parked;
  if (errors_.size() < most_errors) errors_.push_back({error.message, row.text, error.service_code, clock_.now()});
}

}  // namespace core
