#pragma once

#include <span>

#include "core/ports/registry.h"
#include "queue/job.h"

namespace schedule {

// When integrations are synced. All pure.

/// True if the integration is to be synced by itself now: its time has come, or the clock was set back behind its last
/// run. Never while it is switched off, disconnected, or waits for a person to sign in again.
bool is_due(const core::Integration& integration, base::Utc now);

/// True if it is due and no tick will see to it: its time is over since more than the moment that a tick takes.
bool is_late(const core::Integration& integration, base::Utc now);

enum class Edits { seen_before, new_ones };

/// True if edited rows are to be sent now. New ones at once; after a run that left errors behind, those that it may
/// have failed to send only a minute later, or they would be tried over and over. Never where is_due() leaves it to a
/// person.
bool follows_edits(const core::Integration& integration, Edits edits, base::Utc now);

/// When it is due again after a run that began at `started`. Times lie on a grid of the integration's frequency, so
/// that runs neither drift nor miss a tick by the second that they took; slots that a long run or a stopped daemon
/// missed are left out; a run at somebody's wish moves nothing.
base::Utc next_sync(const core::Integration& integration, base::Utc started);

/// The frequency that a schedule stands for: minutes between its next two times, at least 1.
/// Errors: `settings` for a pattern that is wrong.
base::Result<int> minutes_of(const std::string& pattern, base::Utc now);

/// The group's one job scheduler: by `pattern`, or at the shortest frequency of an active integration where that is
/// shorter. Errors: `settings` for a pattern that is wrong.
base::Result<queue::Scheduler> scheduler_for(const std::string& pattern,
                                             std::span<const core::Integration> integrations,
                                             const queue::JobOptions& kept, base::Utc now);

/// True if the stored scheduler cannot come in time any more, because the clock was set back after it was made.
bool lies_ahead(const queue::Scheduler& stored, base::Utc now);

}  // namespace schedule
