#pragma once

#include <vector>

#include "daemon/app.h"

namespace daemon_process {

/// The external id field that carries our key.
inline constexpr std::string_view upsert_field = "Lockstep_Id__c";

/// The integration's mappings that `request` asks for, checked against both sides' schemas, in the order of their
/// dependencies, with a warning for what cannot be synced. The store is prepared for them, and for the linked ones that
/// are switched off or not asked for, which go to `beside`.
base::Result<std::vector<model::Mapping>> mappings_for(App&, const core::Integration&, salesforce::RestOrg&,
                                                       const SyncRequest&, std::vector<core::RunError>& warnings,
                                                       std::vector<model::Mapping>* beside = nullptr);

/// The integration's mappings as they were last seen to fit, without asking the org. Those that fit no more are left
/// out.
base::Result<std::vector<model::Mapping>> known_mappings(App&, const core::Integration&);

}  // namespace daemon_process
