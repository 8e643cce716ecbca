#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/secret.h"

namespace salesforce {

/// Finds secrets in what others say before it is shown: an endpoint, or a proxy before it, may repeat what it was sent.
///
/// A secret is found as it is, percent-encoded, escaped in JSON or HTML, in base64, and each of that in part: eight
/// characters that follow one another in any of these forms are enough. Upper and lower case are one. A harmless text
/// may be taken for a secret; the other way round not. Eight characters of a secret of less than eight are all of it.
class SecretScan {
 public:
  SecretScan() = default;
  SecretScan(const SecretScan&) = delete;
  SecretScan& operator=(const SecretScan&) = delete;
  ~SecretScan();

  void add(const base::Secret& secret);
  bool finds_in(std::string_view text) const;

 private:
  static constexpr std::size_t piece = 8;

  void add_form(std::string_view form);

  std::vector<std::string> short_forms_;    ///< Shorter than a piece.
  std::unordered_set<std::size_t> pieces_;  ///< Hashes of all pieces of the others.
};

}  // namespace salesforce
