#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "salesforce/auth.h"
#include "salesforce/transport.h"

namespace salesforce {

class CallBudget;

/// What an org says about itself to the user we act as. Texts are empty where it does not say.
struct OrgFacts {
  struct Limit {
    std::string name;  ///< "DailyApiRequests"
    std::int64_t most = 0, left = 0;
  };
  std::string name;      ///< The company's.
  std::string edition;   ///< "Developer Edition"
  std::string instance;  ///< "EU46"
  bool sandbox = false;
  std::string oldest_version, newest_version;  ///< "31.0"
  bool has_version = false;                    ///< The one that was asked about.
  std::vector<Limit> limits;                   ///< Those that a sync lives on, as far as the user may see them.
};

/// Costs two API calls. Errors: those of asking for the versions; what the user may not see beyond that is left out.
/// Source: salesforce-wire.md section 4; Object Reference, "Organization".
base::Result<OrgFacts> org_facts(Session& session, Transport& transport, const std::string& api_version,
                                 CallBudget* budget = nullptr);

/// Makes `object`'s field for our upsert keys (Text 36, unique, external id), and lets the profile of `user_id` read
/// and edit it: to whoever makes a field by the API it is hidden otherwise. A field that is there already is left as it
/// is. `object` "Task" and "Event" share the fields of Activity. Source: Tooling API, "CustomField"; Object Reference,
/// "FieldPermissions", "PermissionSetAssignment".
base::Result<void> create_key_field(Session& session, Transport& transport, const std::string& api_version,
                                    const std::string& object, const std::string& field, const std::string& user_id,
                                    CallBudget* budget = nullptr);

}  // namespace salesforce
