#pragma once

#include <string>

#include "core/ports/org.h"

namespace salesforce {

/// Whether the write sends this field of the mapping. Fields that belong to a parent record are not sent, nor are
/// references that have no value on this side yet, nor the upsert key, which each kind of call wants in a place of its
/// own.
bool is_sent(const model::Mapping& mapping, const core::OrgWrite& write, std::size_t field);

/// Whether the write names the parent of this reference by its upsert key. No parent needs no key.
bool is_by_key(const core::OrgWrite& write, std::size_t field);

/// The name of a CSV column that holds parents' upsert keys: "Account.Lockstep_Id__c", and where the reference may lead
/// to several objects "Account:What.Lockstep_Id__c".
/// Source: Bulk API 2.0 Developer Guide, "Relationship Fields in a Header Row".
std::string key_column(const model::Mapping& mapping, std::size_t field);

/// Appends the write's fields as JSON members: `"FirstName":"Ann","Amount":12.5,"Phone":null`. Null clears a field in
/// the org, a missing member leaves it. A parent by its key is an object: `"Account":{"Lockstep_Id__c":"k1"}`.
/// `first`: nothing stands before in the object.
void append_members(std::string& out, const model::Mapping& mapping, const core::OrgWrite& write, bool first);

/// Whether a Composite call would take part of the write for a reference to the answer of another subrequest:
/// "@{r0.id}" in a value. There is no escape for it.
/// Source: REST API Developer Guide, "Composite", "referenceId".
bool looks_like_reference(const model::Mapping& mapping, const core::OrgWrite& write);

/// Why the write cannot go out at all; one such would have the org refuse the whole call. Nothing if it can.
base::Result<void> check_write(const model::Mapping& mapping, const core::OrgWrite& write);

}  // namespace salesforce
