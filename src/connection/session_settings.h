#pragma once

#include <string>
#include <vector>

#include "core/ports/registry.h"
#include "salesforce/token_endpoint.h"
#include "security/seal.h"

namespace connection {

/// What an integration signs in with beside the settings' client: kept sealed in `Integration::secret`.
struct FlowSecret {
  base::Secret private_key = {};  ///< jwt
  base::Secret password = {};     ///< password: with the security token behind it.
  std::string client_id = {};     ///< An app of its own; empty: the settings'.
  base::Secret client_secret = {};
};

std::string seal(const security::KeyRing& keys, const model::IntegrationId& id, const FlowSecret& secret);
base::Result<FlowSecret> open(const security::KeyRing& keys, const core::Integration& integration);

/// The client of the settings file and environment.
struct Client {
  std::string id;
  std::string secret;
  std::vector<std::string> domains;  ///< Where orgs may live; empty: Salesforce's own.
};

/// How the integration's user signs in. Errors: `settings` for a flow we do not know or a missing client id, and
/// those of opening a sealed secret.
base::Result<salesforce::SessionSettings> session_settings(const core::Integration& integration, const Client& client,
                                                           const security::KeyRing& keys);

}  // namespace connection
