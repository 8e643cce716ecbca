#pragma once

#include <string>

#include "base/secret.h"
#include "daemon/app.h"
#include "salesforce/consent.h"
#include "salesforce/org_facts.h"

namespace daemon_process {

/// Whom to connect, and how.
struct ConnectRequest {
  std::string flow;
  std::string login_url = {};  ///< Empty: the settings'.
  std::string workspace = "default";
  base::Secret refresh_token = {};  ///< refresh-token
  std::string username = {};        ///< jwt, password
  base::Secret private_key = {};    ///< jwt: PEM
  base::Secret password = {};       ///< password: with the security token behind it.
};

/// An integration as it will be once Salesforce has signed us in. Nothing of it is stored.
struct ConnectDraft {
  core::Integration integration;
  salesforce::SessionSettings sign_in;
};
base::Result<ConnectDraft> draft_connection(const App&, core::Registry&, const ConnectRequest&);

/// Signs in, asks who we are, and only then stores: a refused sign-in leaves an existing connection as it was. `grant`:
/// the code of the web flow. Errors: those of the sign-in, and `settings` for a workspace that belongs to another org.
base::Result<core::Integration> finish_connection(const App&, core::Registry&, ConnectDraft,
                                                  const std::optional<salesforce::Grant>& grant,
                                                  const base::Secret& refresh_token);

/// Both at once, for the flows that need no browser.
base::Result<core::Integration> connect(App&, const ConnectRequest&);

/// What the browser is sent to, for `redirect_uri`.
salesforce::Consent consent_for(const ConnectDraft&, std::string redirect_uri);

/// Where Salesforce sends the browser back to: the setting, else a path below server.public_url.
std::string redirect_uri_of(const settings::Settings&);
inline constexpr std::string_view callback_path = "/api/integrations/salesforce/callback";

/// What a newly connected org is like, and what is still missing on it.
struct ConnectReport {
  salesforce::OrgFacts org;
  std::string user_id;
  struct Object {
    std::string name;
    bool seen = false, may_create = false, may_edit = false, has_key_field = false;
  };
  std::vector<Object> objects;                 ///< Those that are switched on.
  std::vector<std::string> missing;            ///< One sentence each: what, and how to mend it.
  std::vector<std::string> fields_set_aside;   ///< The same about fields of the mappings.
  std::vector<std::string> without_key_field;  ///< Objects on which it could be made.
};
class Connection;
base::Result<ConnectReport> report_on(App&, const core::Integration&, Connection&);

}  // namespace daemon_process
