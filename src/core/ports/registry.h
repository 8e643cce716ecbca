#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/ids.h"
#include "model/mapping.h"

namespace core {

/// How much one run may delete, or change, of one object without being told to. 0: no limit.
struct MassLimits {
  std::int64_t deletes = 1000;
  int delete_percent = 5;  ///< Of the linked pairs; counts only beyond a handful (see core/brake.h).
  std::int64_t changes = 0;
  int change_percent = 0;
};

/// One workspace's connection to one org, with the settings that users know (design.md section 6).
struct Integration {
  model::IntegrationId id;
  std::string workspace = "default";
  std::string flow;  ///< "client-credentials", "refresh-token", …
  std::string login_url;
  std::string instance_url;   ///< Where the org's API answers; from the last token answer.
  std::string org_id;         ///< 18 characters; a reconnect to another org is refused.
  std::string username;       ///< The org's user we act as.
  std::string access_token;   ///< Sealed (see security/seal.h); empty if none.
  std::string refresh_token;  ///< Sealed; empty if the flow has none.
  std::string secret;         ///< Sealed: what the flow signs in with beside the app's own (a key, a password).
  bool is_active = true;
  model::SyncDirection direction = model::SyncDirection::both;
  int sync_frequency_minutes = 15;
  std::map<std::string, bool> sync_objects;  ///< sObject name → synced; "Contact", "Account", "Opportunity", …
  model::ConflictPolicy on_conflict = model::ConflictPolicy::newest_wins;
  model::DeletePolicy on_record_deleted = model::DeletePolicy::follow;  ///< Setting onSalesforceDelete.
  model::DeletePolicy on_row_deleted = model::DeletePolicy::follow;     ///< Setting onCrmDelete.
  MassLimits limits;                           ///< maxDeletes, maxDeletePercent, maxChanges, maxChangePercent.
  std::map<std::string, std::string> filters;  ///< sObject name → SOQL condition.
  std::string sync_status = "idle";  ///< idle | syncing | error | needs_reauth | budget_exhausted | disconnected
  std::string last_error;
  std::optional<base::Utc> last_sync_at;
  std::optional<base::Utc> next_sync_at;
  std::map<std::string, std::int64_t> stats;  ///< totalSynced, lastSyncDuration, syncErrors, contactsSynced, …
  base::Utc created_at{};
};

/// A field as the user wrote it in `mappings`.
struct FieldSetting {
  std::string crm_field;  ///< As in the user's document: "firstName", "first_name" or a column of their own.
  std::string salesforce_field;
  std::string direction;        ///< Empty: as the integration says.
  std::string winner;           ///< Empty: as the integration says.
  std::string write_mode = {};  ///< "always" or "if_empty"; empty: always.
  std::string transform = {};   ///< JSON (see compile_transform.h); empty for none.
};

/// One document of lockstep_field_mappings.
struct MappingSetting {
  model::MappingId id{};
  model::IntegrationId integration;
  std::string workspace;
  std::string object_type;  ///< "contact", "account", "opportunity", or an sObject name.
  std::string table;        ///< Empty: the application table of that object.
  std::vector<FieldSetting> fields;
  /// Salesforce fields by which a first contact recognises a row, as in {{"Email"}, {"LastName", "Phone"}}. Nothing:
  /// what default_match_rules() says; empty: no record is taken for a row that was there before.
  std::optional<std::vector<std::vector<std::string>>> match_rules;
  std::string key_column = {};            ///< The table's primary key; empty: "id".
  std::string direction = {};             ///< Empty: as the integration says.
  std::string conflict_resolution = {};   ///< Empty: as the integration says.
  std::string on_filter_leave = {};       ///< "keep", "flag" or "remove"; empty: keep.
  std::string on_salesforce_delete = {};  ///< delete | archive | ignore | recreate; empty: as the integration says.
  std::string on_crm_delete = {};
  std::vector<model::MappingId> also = {};  ///< Further documents whose fields are in here; see one_a_table().
};

struct ObjectCounts {
  std::int64_t pulled_created = 0, pulled_updated = 0, pulled_deleted = 0, pulled_unchanged = 0;
  std::int64_t pushed_created = 0, pushed_updated = 0, pushed_deleted = 0;
  std::int64_t linked = 0, conflicts = 0, parked = 0;
};

/// An error of a run, as the sync log keeps it.
struct RunError {
  std::string message;
  std::string record;  ///< Row key or record id; empty when it is about a whole object or the run.
  std::string code;
  base::Utc timestamp{};
  /// Not stored. What the run leaves out, and `message` says why: the org's object, …
  std::string left_out = {};
  std::string field = {};  ///< … or just this field of it.
};

/// One entry of lockstep_sync_logs.
struct RunRecord {
  model::RunId id;
  model::IntegrationId integration;
  std::string operation = "incremental_sync";  ///< incremental_sync | full_sync
  std::string status = "running";              ///< running | completed | partial | failed
  base::Utc started_at{};
  std::optional<base::Utc> completed_at;
  std::chrono::milliseconds duration{0};
  std::int64_t api_calls = 0;
  std::int64_t successful = 0, errors = 0;
  std::vector<std::pair<std::string, ObjectCounts>> objects;  ///< In the order in which they were synced.
  std::vector<RunError> sync_errors;                          ///< The first hundred; `errors` counts all.
  bool cut_short = false;                                     ///< Asked to stop before its work was done. Not stored.
};

/// What stands waiting, per object.
struct Backlog {
  std::string object;
  std::int64_t outbox = 0;  ///< Rows with an edit that the org has not got.
  std::int64_t parked = 0;
  std::int64_t open_conflicts = 0;
  std::int64_t links = 0;
  std::optional<base::Utc> watermark;  ///< How far the poll has come.
};

/// The right to sync one integration, held by at most one process at a time.
struct Lease {
  model::IntegrationId integration;
  std::int64_t epoch = 0;  ///< Every write of the run carries it; an older one is refused.
};

/// What the store remembers about integrations, mappings and runs.
class Registry {
 public:
  virtual ~Registry() = default;

  virtual base::Result<std::vector<Integration>> integrations() = 0;
  virtual base::Result<void> save(const Integration&) = 0;  ///< Inserts or replaces by id, tokens included.
  /// Only the tokens and the instance URL, durable when it returns; empty `refresh_token` keeps the old one.
  virtual base::Result<void> save_tokens(const model::IntegrationId&, std::string_view sealed_access_token,
                                         std::string_view sealed_refresh_token, std::string_view instance_url) = 0;
  /// Only what is sealed: both tokens and the secret, as they are.
  virtual base::Result<void> save_sealed(const Integration&) = 0;
  /// Takes tokens and secret out, and leaves the rest.
  virtual base::Result<void> forget_tokens(const model::IntegrationId&) = 0;
  /// Only what a user sets: active, direction, frequency, objects, conflict policy, filters.
  virtual base::Result<void> save_settings(const Integration&) = 0;
  /// Only the state of the sync: status, error, times and stats; settings that others edit meanwhile stay.
  virtual base::Result<void> save_state(const Integration&) = 0;

  virtual base::Result<std::vector<MappingSetting>> mappings(const model::IntegrationId&) = 0;
  /// Inserts (id 0, which it fills) or replaces.
  virtual base::Result<void> save(MappingSetting&) = 0;

  /// Takes the integration for this process, or says who holds it (`cancelled`). A lease of a process of this
  /// machine that no longer lives is free at once, others when they expire.
  virtual base::Result<Lease> take_lease(const model::IntegrationId&, base::Utc now, std::chrono::seconds ttl) = 0;
  virtual base::Result<void> renew_lease(const Lease&, base::Utc now, std::chrono::seconds ttl) = 0;
  virtual base::Result<void> release_lease(const Lease&) = 0;

  virtual base::Result<void> save(const RunRecord&) = 0;                     ///< Inserts or replaces by id.
  virtual base::Result<std::vector<RunRecord>> runs(std::size_t limit) = 0;  ///< Newest first.
  virtual base::Result<std::optional<RunRecord>> run(const model::RunId&) = 0;

  virtual base::Result<std::vector<Backlog>> backlog(const model::IntegrationId&) = 0;

  /// The org's describe answer for an object, as last fetched.
  struct CachedDescribe {
    std::string json;
    base::Utc fetched_at{};
  };
  virtual base::Result<std::optional<CachedDescribe>> describe(const model::IntegrationId&,
                                                               std::string_view object) = 0;
  virtual base::Result<void> save_describe(const model::IntegrationId&, std::string_view object,
                                           const CachedDescribe&) = 0;

  /// A fact about `subject` (an integration, an org) that processes share, such as how much API budget is spent:
  /// hands out the text kept under `name`, empty if there is none, and keeps what `change` returns (empty: nothing),
  /// as one transaction, durable when it returns. Returns what stands now. `change` may be called more than once.
  /// note() only reads what stands, and waits for nobody's writing.
  virtual base::Result<std::string> note(std::string_view subject, std::string_view name) = 0;
  using ChangeNote = std::function<std::string(const std::string& before)>;
  virtual base::Result<std::string> change_note(std::string_view subject, std::string_view name,
                                                const ChangeNote& change) = 0;
};

}  // namespace core
