#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "core/ports/registry.h"
#include "salesforce/auth.h"
#include "security/seal.h"

namespace connection {

/// Where a sealed secret of an integration is kept: what seal and open are told as its place.
std::string place_of(const model::IntegrationId& id, std::string_view column);

/// Keeps one integration's tokens in the registry, sealed, and the state of their renewal in a note beside them.
///
/// The turn to sign in is a lease of its own, so it holds between processes and ends with the process that has it.
/// Registry, keys and clock are borrowed; used by one thread at a time, which `salesforce::Session` sees to.
class StoreVault final : public salesforce::Vault {
 public:
  StoreVault(core::Registry& registry, const security::KeyRing& keys, model::IntegrationId id, const base::Clock& clock)
      : registry_(registry), keys_(keys), id_(std::move(id)), clock_(clock) {}

  base::Result<salesforce::Credentials> load() override;
  base::Result<void> save(const salesforce::Credentials& credentials) override;
  base::Result<std::unique_ptr<Turn>> take_turn() override;
  base::Result<salesforce::Renewal> renewal() override;
  base::Result<void> save(const salesforce::Renewal& renewal) override;
  std::string fingerprint(std::string_view secret) const override { return keys_.fingerprint(secret); }
  bool is_fingerprint(std::string_view print, std::string_view secret) const override {
    return keys_.is_fingerprint(print, secret);
  }

 private:
  core::Registry& registry_;
  const security::KeyRing& keys_;
  const model::IntegrationId id_;
  const base::Clock& clock_;
};

/// As it stands in the note. Reading never fails: a text of another form is no renewal.
std::string renewal_json(const salesforce::Renewal& renewal);
salesforce::Renewal renewal_from(std::string_view json);

}  // namespace connection
