#include "core/sync_run.h"

#include <map>
#include <memory>

#include "core/budget.h"
#include "core/sweep_pass.h"

namespace core {
namespace {

using namespace std::chrono_literals;

constexpr int most_swept_pages = 500;            ///< In one run: a million records.
constexpr int most_waits = 3;                    ///< Times a run waits for the running second to be over.
constexpr std::int64_t echo_worth_a_look = 400;  ///< So many of our own writes are read back in the same run.

/// One object's part of the run.
struct Part {
  const model::Mapping* mapping;
  std::unique_ptr<PullPass> pull;
  std::unique_ptr<PushPass> push;
  bool ended = false;
};

class Run {
 public:
  Run(std::span<const model::Mapping> mappings, const RunWorld& world) : world_(world) {
    for (const model::Mapping& mapping : mappings) parts_.push_back({&mapping, nullptr, nullptr, false});
  }

  RunResult go() {
    for (Part& part : parts_) new_pull(part);
    look();
    for (Part& part : parts_) drain_pull(part);
    for (Part& part : parts_) drain_sweep(part);
    for (Part& part : parts_) drain_push(part);
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

  void new_pull(Part& part) {
    if (part.mapping->direction == model::SyncDirection::to_org) return;
    part.pull = std::make_unique<PullPass>(*part.mapping, world_.org, world_.store, world_.clock);
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
    if (!over()) attempt(part, *part.pull, [&] { return part.pull->retry_parked(); });
  }

  /// What a changed mapping asks to be read again, so much of it that the next run's poll does not wait for long.
  void drain_sweep(Part& part) {
    if (!part.pull || part.ended) return;
    SweepPass sweep{*part.mapping, world_.org, world_.store, world_.clock};
    for (int pages = 0; pages < most_swept_pages && !over(); ++pages) {
      const auto step = attempt(part, sweep, [&] { return sweep.step(); });
      if (!step || *step == Step::idle) break;
      world_.progress(part.mapping->object + ": " + std::to_string(sweep.counts().updated + sweep.counts().unchanged) +
                      " records read again for the changed mapping");
    }
    keep_pulled(part, sweep);
  }

  void drain_push(Part& part) {
    if (part.mapping->direction == model::SyncDirection::to_store || part.ended) return;
    part.push = std::make_unique<PushPass>(*part.mapping, world_.org, world_.store, world_.clock, world_.random);
    if (auto requeued = world_.store.requeue_parked(*part.mapping, world_.clock.now()); !requeued)
      return fail(part, requeued.error(), true);
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
