#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace security {

using base::Secret;

/// Seals short secrets (tokens, client secrets) for the store with AES-256-GCM.
///
/// The newest key seals; every key of the ring opens, so a key is rotated by putting a new one in front, sealing
/// anew what `is_newest` denies, and only then removing the old one. The sealed form is ASCII:
/// "v1.<key id>.<base64 of nonce, cipher text and tag>"; the key id is the first 8 hex digits of the key's SHA-256.
///
/// `place` names where the sealed text is kept, such as "connections/7/refresh_token". It is not part of the sealed
/// text, but opening with another place fails: a sealed text copied into another row is of no use there.
///
/// Immutable once parsed; may be used from several threads.
class KeyRing {
 public:
  /// Keys separated by commas, newest first, each as 64 hex digits, as base64 of 32 bytes, or as 32 characters that
  /// are the bytes. Errors: `settings`, naming the position of the bad key and never the key.
  static base::Result<KeyRing> parse(std::string_view text);

  std::string seal(std::string_view secret, std::string_view place) const;

  /// Errors: `settings` when the key is not in the ring; `corrupt` when the text was changed, belongs to another
  /// place, or was never sealed.
  base::Result<Secret> open(std::string_view sealed, std::string_view place) const;

  /// 16 hex digits that stand for `secret`, and without the keys tell nothing about it. By the oldest key, which all
  /// processes have while keys are being changed.
  std::string fingerprint(std::string_view secret) const;
  /// Whether `print` stands for `secret` under any key of the ring.
  bool is_fingerprint(std::string_view print, std::string_view secret) const;

  bool is_newest(std::string_view sealed) const;  ///< Sealed with the newest key, judged by its id.
  const std::string& newest_id() const { return keys_.front().id; }
  std::size_t size() const { return keys_.size(); }

 private:
  struct Key {
    explicit Key(const std::array<unsigned char, 32>& bytes);
    Key(const Key&) = default;
    Key& operator=(const Key&) = default;
    ~Key();
    std::array<unsigned char, 32> bytes;
    std::string id;
  };
  static std::string fingerprint(const Key& key, std::string_view secret);
  std::vector<Key> keys_;  ///< Newest first, never empty.
};

/// The ring kept in a file, one key a line or separated by commas, newest first. Where there is no file, makes one
/// with a fresh key, readable by its owner only; of two programs that do so at once both get the same key.
/// Errors: `settings` when others may read the file, or it cannot be read, written or understood.
base::Result<KeyRing> load_or_create_key_file(const std::filesystem::path& path);

/// 2·`bytes` lower-case hex digits from the operating system's generator: nobody can guess them.
std::string random_hex(std::size_t bytes);

}  // namespace security
