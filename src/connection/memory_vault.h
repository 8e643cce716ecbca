#pragma once

#include <memory>
#include <string>

#include "salesforce/auth.h"

namespace connection {

/// Credentials that are tried out before anything is stored. Used by one session.
class MemoryVault final : public salesforce::Vault {
 public:
  base::Result<salesforce::Credentials> load() override { return held; }
  base::Result<void> save(const salesforce::Credentials& given) override {
    if (!given.refresh_token.empty()) held.refresh_token = given.refresh_token;
    held.access_token = given.access_token;
    held.instance_url = given.instance_url;
    return {};
  }
  base::Result<std::unique_ptr<Turn>> take_turn() override { return std::make_unique<Turn>(); }
  base::Result<salesforce::Renewal> renewal() override { return noted; }
  base::Result<void> save(const salesforce::Renewal& renewal) override {
    noted = renewal;
    return {};
  }
  std::string fingerprint(std::string_view secret) const override { return std::string{secret}; }

  salesforce::Credentials held;
  salesforce::Renewal noted;
};

}  // namespace connection
