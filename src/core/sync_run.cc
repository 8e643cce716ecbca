#include "core/sync_run.h"

#include <algorithm>
#include <map>
#include <memory>
#include <ranges>

#include "core/budget.h"
#include "core/claim_pass.h"
#include "core/sweep_pass.h"

namespace core {
namespace {

using namespace std::chrono_literals;

constexpr int most_swept_pages = 500;                   ///< In one run: a million records.
constexpr int most_waits = 3;                           ///< Times a run waits for the running second to be over.
constexpr std::chrono::hours tombstones_last{30 * 24};  ///< A record is taken back from the bin within half of that.
constexpr std::int64_t echo_worth_a_look = 400;         ///< So many of our own writes are read back in the same run.

/// One object's part of the run.
struct Part {
  const model::Mapping* mapping = nullptr;
  std::unique_ptr<PullPass> pull;
  std::unique_ptr<PushPass> push;
  std::unique_ptr<RowDeletes> row_deletes;
  std::unique_ptr<LeftRows> left_rows;
  std::unique_ptr<RecordDeletes> record_deletes;
  bool ended = false;
};

class Run {
 public:
  Run(std::span<const model::Mapping> mappings, const RunWorld& world) : world_(world) {
    for (const model::Mapping& mapping : mappings) parts_.emplace_back().mapping = &mapping;
  }

  RunResult go() {
    for (Part& part : parts_) settle_claims(part);
    for (Part& part : parts_) new_pull(part);
    for (Part& part : parts_) look_again(part, LinkState::record_deleted);  // Left so by an earlier run.
    look();
    for (Part& part : parts_) drain_pull(part);
    for (Part& part : parts_) retry_parked(part);  // What waited for records of objects that came later.
    for (Part& part : parts_) drain_sweep(part);
    for (Part& part : parts_) check_ids(part);
    for (Part& part : parts_) check_filter(part);
    for (Part& part : parts_) retry_parked(part);  // What the readings above left until they were through.
    for (Part& part : std::views::reverse(parts_)) delete_rows(part);
    push_all();
    if (release_children()) push_all();
    for (Part& part : std::views::reverse(parts_)) remove_left(part);
    for (Part& part : std::views::reverse(parts_)) delete_records(part);
    for (Part& part : parts_) forget(part);
    for (Part& part : parts_) {
      if (!part.push || part.push->counts().updated + part.push->counts().created < echo_worth_a_look) continue;
      keep_counts(part);
      new_pull(part);
      drain_pull(part);
    }
    for (Part& part : parts_) {
      keep_counts(part);
      result_.objects.emplace_back(part.mapping->object, counts_[part.mapping]);
    }
    return std::move(result_);
  }

 private:
  bool over() {
    if (world_.stopping && world_.stopping()) result_.cut_short = true;
    return result_.stopped_by.has_value() || result_.cut_short;
  }

  bool pulls(const Part& part) const {
    return part.mapping->direction != model::SyncDirection::to_org && world_.direction != model::SyncDirection::to_org;
  }
  bool pushes(const Part& part) const {
    return part.mapping->direction != model::SyncDirection::to_store &&
           world_.direction != model::SyncDirection::to_store;
  }

  /// Before anything is read: what is read is then no longer compared with those rows.
  void settle_claims(Part& part) {
    ClaimPass claims{*part.mapping, world_.org, world_.store, world_.clock, world_.safeguards};
    while (!over()) {
      const auto step = attempt(part, claims, [&] { return claims.step(); });
      if (!step || *step == Step::idle) break;
      world_.progress(part.mapping->object + ": " + std::to_string(claims.counts().linked) +
                      " rows brought together with the records that they name");
    }
    keep_pulled(part, claims);
  }

  void new_pull(Part& part) {
    if (!pulls(part) || part.ended) return;
    part.pull = std::make_unique<PullPass>(*part.mapping, world_.org, world_.store, world_.clock, world_.lookback,
                                           world_.safeguards, world_.page_size);
    if (const auto most = most_changes(part)) part.pull->stop_before(*most);
  }

  void fail(Part& part, const base::Error& error, bool end_run) {
    result_.errors.push_back({part.mapping->object + ": " + error.message, "", error.service_code, world_.clock.now()});
    part.ended = true;
    if (end_run) result_.stopped_by = error;
  }

  /// Runs a step of `pass` until it succeeds or the advice is to give up.
  template <class Pass, class Call>
  std::optional<Step> attempt(Part& part, Pass& pass, Call call, bool first_load = false) {
    for (int attempt = 1;; ++attempt) {
      const base::Result<Step> step = call();
      if (step) return *step;
      const Advice advice = advice_for(step.error(), attempt, chance_from(world_.random));
      if (advice.what != Advice::Do::again) {
        // The budget of first loads is not that of the others.
        const bool only_this = step.error().service_code == budget_exhausted && first_load;
        fail(part, step.error(), advice.what == Advice::Do::end_run && !only_this);
        return std::nullopt;
      }
      if (advice.smaller) pass.take_less();
      world_.progress(part.mapping->object + ": " + step.error().message + "; trying again");
      world_.wait(advice.after);
    }
  }

  /// The first page of every object that is past its backfill, in one call.
  void look() {
    std::vector<PageRequest> requests;
    std::vector<Part*> asking;
    for (Part& part : parts_) {
      if (!part.pull) continue;
      auto request = part.pull->begin();
      if (!request) {
        fail(part, request.error(), ends_run(request.error()));
        continue;
      }
      if (part.pull->backfilling()) continue;
      requests.push_back(*request);
      asking.push_back(&part);
    }
    if (requests.empty()) return;
    auto pages = world_.org.fetch(requests);
    for (std::size_t i = 0; i < pages.size(); ++i) {
      // A look that failed is made again, object by object, by drain_pull().
      if (!pages[i]) continue;
      looked_.emplace(asking[i], std::move(*pages[i]));
    }
  }

  void drain_pull(Part& part) {
    if (!part.pull || part.ended) return;
    for (int waits = 0; !over();) {
      const auto next = [&]() -> base::Result<Step> {
        // A page that was looked at is settled once; whoever reads after that asks for its own.
        if (auto looked = looked_.extract(&part)) return part.pull->settle(std::move(looked.mapped()));
        return part.pull->step();
      };
      const auto step = attempt(part, *part.pull, next, part.pull->backfilling());
      if (!step) return;
      const PullCounts& counts = part.pull->counts();
      if (*step == Step::progressed)
        world_.progress(part.mapping->object + ": " +
                        std::to_string(counts.created + counts.updated + counts.unchanged) + " records read");
      if (*step == Step::idle) break;
      if (*step == Step::pending) {
        world_.progress(part.mapping->object + ": waiting for Salesforce to prepare the records");
        world_.wait(part.pull->ready_in());
      }
      if (*step == Step::waiting) {
        if (++waits > most_waits) break;
        world_.wait(1'050ms);
      }
    }
    retry_parked(part);
  }

  void retry_parked(Part& part) {
    if (!part.pull || part.ended) return;
    while (!over()) {
      const auto step = attempt(part, *part.pull, [&] { return part.pull->retry_parked(); });
      if (step != Step::progressed) return;
    }
  }

  /// What a changed mapping asks to be read again, so much of it that the next run's poll does not wait for long.
  void drain_sweep(Part& part) {
    if (!part.pull || part.ended) return;
    SweepPass sweep{*part.mapping, world_.org, world_.store, world_.clock, world_.safeguards, world_.page_size};
    if (const auto most = most_changes(part)) sweep.stop_before(*most, part.pull->counts().updated);
    for (int pages = 0; pages < most_swept_pages && !over(); ++pages) {
      const auto step = attempt(part, sweep, [&] { return sweep.step(); });
      if (!step || *step == Step::idle) break;
      world_.progress(part.mapping->object + ": " + std::to_string(sweep.counts().updated + sweep.counts().unchanged) +
                      " records read again for the changed mapping");
    }
    keep_pulled(part, sweep);
  }

  void look_again(Part& part, LinkState state) {
    if (!part.pull || part.ended) return;
    for (std::int64_t after = 0; !over();)
      if (attempt(part, *part.pull, [&] { return part.pull->look_again(state, after); }) != Step::progressed) return;
  }

  /// The backstop for records that were purged or hidden: nothing else tells of them.
  void check_ids(Part& part) {
    if (!part.pull || part.ended || !part.pull->ids_are_due()) return;
    world_.progress(part.mapping->object + ": looking for every linked record");
    look_again(part, LinkState::both_gone);
    if (part.ended) return;
    for (std::int64_t after = 0; !over();) {
      const auto step = attempt(part, *part.pull, [&] { return part.pull->check_ids(after); });
      if (step != Step::progressed) return;
    }
  }

  /// Who left a filter that changed, or one that depends on other records: nothing else tells of them.
  void check_filter(Part& part) {
    if (!part.pull || part.ended || over()) return;
    const auto due = part.pull->filter_is_due();
    if (!due) return fail(part, due.error(), true);
    if (!*due) return;
    world_.progress(part.mapping->object + ": comparing every linked record with the filter");
    for (PullPass::FilterCheck check; !over();) {
      const auto step = attempt(part, *part.pull, [&] { return part.pull->check_filter(check); });
      if (step != Step::progressed) return;
    }
  }

  /// How many changes of this object a run may make; nothing for any number.
  std::optional<std::int64_t> most_changes(Part& part) {
    const MassLimits& limits = world_.limits;
    std::optional<std::int64_t> most;
    if (limits.changes > 0) most = limits.changes;
    if (limits.change_percent > 0)
      if (const auto extent = world_.store.extent(*part.mapping)) {
        const std::int64_t share = std::max(handful, extent->links * limits.change_percent / 100);
        most = most ? std::min(*most, share) : share;
      }
    return most;
  }

  /// True if the run may do that; if not, the run says so, and the object stays as it is.
  bool may(Part& part, MassChange change) {
    auto error = brake(*part.mapping, change, world_.limits);
    if (!error) return true;
    result_.errors.push_back(
        {part.mapping->object + ": " + error->message, "", error->service_code, world_.clock.now()});
    return false;
  }

  void delete_rows(Part& part) {
    if (!part.pull || part.ended || over()) return;
    const auto first = world_.store.links(*part.mapping, LinkState::record_deleted, 0, 1);
    if (!first) return fail(part, first.error(), true);
    if (first->rows.empty()) return;
    const auto extent = world_.store.extent(*part.mapping);
    if (!extent) return fail(part, extent.error(), true);
    if (part.mapping->on_record_deleted == model::DeletePolicy::follow &&
        !may(part, {MassChange::What::delete_rows, extent->rows_to_delete, extent->links + extent->rows_to_delete}))
      return;
    part.row_deletes = std::make_unique<RowDeletes>(*part.mapping, world_.store, world_.clock, world_.safeguards,
                                                    std::min<std::size_t>(world_.page_size, 500));
    while (!over())
      if (attempt(part, *part.row_deletes, [&] { return part.row_deletes->step(); }) != Step::progressed) return;
  }

  void remove_left(Part& part) {
    if (!part.pull || part.ended || over()) return;
    if (!part.mapping->follows_filter() || part.mapping->on_filter_leave != model::FilterLeave::remove) return;
    const auto position = world_.store.position(*part.mapping);
    if (!position) return fail(part, position.error(), true);
    // A page to come could hold the record as it was, and bring its row back.
    if (std::holds_alternative<model::BulkPlace>(*position)) return;
    const auto extent = world_.store.extent(*part.mapping);
    if (!extent) return fail(part, extent.error(), true);
    if (extent->rows_leaving == 0) return;
    // Together with the rows that this run deleted.
    const std::int64_t deleted = part.row_deletes ? part.row_deletes->counts().deleted : 0;
    if (!may(part, {MassChange::What::delete_rows, extent->rows_leaving + deleted, extent->links + deleted})) return;
    part.left_rows = std::make_unique<LeftRows>(*part.mapping, world_.org, world_.store, world_.clock,
                                                world_.safeguards, std::min<std::size_t>(world_.page_size, 500));
    while (!over())
      if (attempt(part, *part.left_rows, [&] { return part.left_rows->step(); }) != Step::progressed) return;
  }

  /// Until nothing moves: a row that waited for a parent goes on once that one is there.
  void push_all() {
    for (bool moved = true; moved && !over();) {
      moved = false;
      for (Part& part : parts_) moved = drain_push(part) || moved;
    }
  }

  /// True if rows of some object must be pushed before the rows they referred to can go.
  bool release_children() {
    std::int64_t released = 0;
    for (Part& part : parts_) {
      if (!pushes(part) || part.ended || over()) continue;
      if (part.mapping->on_row_deleted != model::DeletePolicy::follow) continue;  // Their parent's record stays.
      const auto made = world_.store.release_children(*part.mapping);
      if (!made) {
        fail(part, made.error(), true);
        continue;
      }
      released += *made;
    }
    return released > 0 && world_.safeguards.release_children;
  }

  void delete_records(Part& part) {
    if (!pushes(part) || part.ended || over()) return;
    const auto position = world_.store.position(*part.mapping);
    if (!position) return fail(part, position.error(), true);
    // A page to come could hold the record as it was, and bring its row back.
    if (std::holds_alternative<model::BulkPlace>(*position)) return;
    const auto first = world_.store.links(*part.mapping, LinkState::row_deleted, 0, 1);
    if (!first) return fail(part, first.error(), true);
    if (first->rows.empty()) return;
    const auto extent = world_.store.extent(*part.mapping);
    if (!extent) return fail(part, extent.error(), true);
    if (part.mapping->on_row_deleted == model::DeletePolicy::follow &&
        !may(part,
             {MassChange::What::delete_records, extent->records_to_delete, extent->links + extent->records_to_delete}))
      return;
    part.record_deletes =
        std::make_unique<RecordDeletes>(*part.mapping, world_.org, world_.store, world_.clock, world_.safeguards,
                                        std::min<std::size_t>(world_.page_size, 500));
    for (int waits = 0; !over();) {
      const auto step = attempt(part, *part.record_deletes, [&] { return part.record_deletes->step(); });
      if (!step) return;
      if (*step == Step::progressed) continue;
      if (*step == Step::idle || ++waits > most_waits) break;
      world_.wait(1'050ms);
      part.record_deletes->restart();
    }
    if (part.record_deletes->held_by_children() > 0) name_held(part, part.record_deletes->held_by_children());
  }

  /// Says for which objects records stay whose rows were deleted, unless the run itself is about to detach those.
  void name_held(const Part& part, std::int64_t records) {
    std::string children;
    const auto add = [&](const model::Mapping& mapping) {
      const auto refers = [&](const model::FieldMapping& field) {
        return field.role == model::FieldRole::reference && field.parent_object == part.mapping->object;
      };
      if (std::ranges::any_of(mapping.fields, refers)) (children += children.empty() ? "" : ", ") += mapping.object;
    };
    for (const model::Mapping& mapping : world_.beside) add(mapping);
    for (const Part& other : parts_)
      if (!pushes(other) || other.ended) add(*other.mapping);
    if (children.empty()) return;
    result_.errors.push_back(
        {part.mapping->object + ": " + std::to_string(records) +
             (records == 1 ? " record stays in Salesforce though its row was deleted"
                           : " records stay in Salesforce though their rows were deleted") +
             ", because Salesforce would delete records of other objects along with them. Those refer to them still, "
             "and this run does not send " +
             children + ": sync that too (without --object, switched on, and not only from Salesforce)",
         "", "WAITING_FOR_CHILDREN", world_.clock.now()});
  }

  void forget(Part& part) {
    if (part.ended || over()) return;
    const auto before = world_.clock.now() - (world_.safeguards.keep_tombstones ? tombstones_last : -tombstones_last);
    if (const auto forgotten = world_.store.forget(*part.mapping, before); !forgotten)
      fail(part, forgotten.error(), true);
  }

  /// True if anything was written or linked.
  bool drain_push(Part& part) {
    if (!pushes(part) || part.ended || over()) return false;
    if (auto requeued = world_.store.requeue_parked(*part.mapping, world_.clock.now()); !requeued) {
      fail(part, requeued.error(), true);
      return false;
    }
    if (!part.push) {
      part.push = std::make_unique<PushPass>(*part.mapping, world_.org, world_.store, world_.clock, world_.random,
                                             world_.safeguards, world_.page_size);
      if (!may_push(part)) return false;
    } else {
      part.push->restart();
    }
    const auto moved = [&] {
      const PushCounts& counts = part.push->counts();
      return counts.created + counts.updated + counts.linked;
    };
    const std::int64_t before = moved();
    push_until_idle(part);
    return moved() > before;
  }

  bool may_push(Part& part) {
    if (world_.limits.changes == 0 && world_.limits.change_percent == 0) return true;
    const auto extent = world_.store.extent(*part.mapping);
    if (!extent) {
      fail(part, extent.error(), true);
      return false;
    }
    if (may(part, {MassChange::What::change_records, extent->outbox, extent->links})) return true;
    part.ended = true;
    return false;
  }

  void push_until_idle(Part& part) {
    for (int waits = 0; !over();) {
      const auto step = attempt(part, *part.push, [&] { return part.push->step(); });
      if (!step) return;
      const PushCounts& counts = part.push->counts();
      if (*step == Step::progressed && counts.created + counts.updated > 0)
        world_.progress(part.mapping->object + ": " + std::to_string(counts.created + counts.updated) +
                        " records written");
      if (*step == Step::idle) break;
      if (*step == Step::waiting) {
        if (++waits > most_waits) break;
        world_.wait(1'050ms);
        part.push->restart();
      }
    }
  }

  template <class Pass>
  void keep_pulled(Part& part, const Pass& pass) {
    ObjectCounts& counts = counts_[part.mapping];
    const PullCounts& pulled = pass.counts();
    counts.pulled_created += pulled.created;
    counts.pulled_updated += pulled.updated;
    counts.pulled_unchanged += pulled.unchanged;
    counts.linked += pulled.linked;
    counts.conflicts += pulled.conflicts;
    counts.parked += pulled.parked;
    result_.errors.insert(result_.errors.end(), pass.errors().begin(), pass.errors().end());
  }

  void keep_counts(Part& part) {
    ObjectCounts& counts = counts_[part.mapping];
    if (part.pull) {
      keep_pulled(part, *part.pull);
      part.pull.reset();
    }
    if (part.push) {
      const PushCounts& pushed = part.push->counts();
      counts.pushed_created += pushed.created;
      counts.pushed_updated += pushed.updated;
      counts.linked += pushed.linked;
      counts.conflicts += pushed.conflicts;
      counts.parked += pushed.parked;
      result_.errors.insert(result_.errors.end(), part.push->errors().begin(), part.push->errors().end());
      part.push.reset();
    }
    if (part.row_deletes) {
      counts.pulled_deleted += part.row_deletes->counts().deleted;
      keep_deletes(counts, *part.row_deletes);
      part.row_deletes.reset();
    }
    if (part.left_rows) {
      counts.pulled_deleted += part.left_rows->counts().deleted;
      keep_deletes(counts, *part.left_rows);
      part.left_rows.reset();
    }
    if (part.record_deletes) {
      counts.pushed_deleted += part.record_deletes->counts().deleted;
      keep_deletes(counts, *part.record_deletes);
      part.record_deletes.reset();
    }
  }

  void keep_deletes(ObjectCounts& counts, const DeletePass& pass) {
    counts.conflicts += pass.counts().conflicts;
    counts.parked += pass.counts().parked;
    result_.errors.insert(result_.errors.end(), pass.errors().begin(), pass.errors().end());
  }

  const RunWorld& world_;
  std::vector<Part> parts_;
  std::map<const Part*, Page> looked_;  ///< Not yet settled.
  std::map<const model::Mapping*, ObjectCounts> counts_;
  RunResult result_;
};

}  // namespace

RunResult run_sync(std::span<const model::Mapping> mappings, const RunWorld& world) {
  return Run{mappings, world}.go();
}

}  // namespace core
