#include "security/seal.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace security {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::string_view version = "v1.";
constexpr std::size_t id_digits = 8;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * size);
  for (std::size_t at = 0; at < size; ++at) {
    text += digits[bytes[at] >> 4];
    text += digits[bytes[at] & 0xF];
  }
  return text;
}

std::string to_base64(std::string_view plain) {
  std::string text(4 * ((plain.size() + 2) / 3) + 1, '\0');
  text.resize(
      static_cast<std::size_t>(EVP_EncodeBlock(bytes_of(text), bytes_of(plain), static_cast<int>(plain.size()))));
  return text;
}

/// Reads exactly what to_base64 writes. OpenSSL's decoder also takes blanks, and bits that stand for nothing.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > 1u << 30) return std::nullopt;
  std::string plain(3 * (text.size() / 4), '\0');
  if (EVP_DecodeBlock(bytes_of(plain), bytes_of(text), static_cast<int>(text.size())) < 0) return std::nullopt;
  if (text.ends_with("==")) {
    plain.resize(plain.size() - 2);
  } else if (text.ends_with("=")) {
    plain.resize(plain.size() - 1);
  }
  if (to_base64(plain) != text) return std::nullopt;
  return plain;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string plain;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const int high = digit_of(text[at]);
    const int low = digit_of(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    plain += static_cast<char>(high * 16 + low);
  }
  return plain;
}

std::string_view trim(std::string_view text) {
  static constexpr std::string_view blank = " \t\r\n";
  const auto start = text.find_first_not_of(blank);
  if (start == text.npos) return {};
  return text.substr(start, text.find_last_not_of(blank) - start + 1);
}

std::optional<std::array<unsigned char, key_bytes>> key_from(std::string_view text) {
  std::optional<std::string> plain;
  if (text.size() == 2 * key_bytes) {
    plain = from_hex(text);
  } else if (text.size() == key_bytes) {
    plain = std::string{text};
  } else if (text.size() == 44 || text.size() == 43) {
    std::string standard{text};
    if (standard.size() == 43) standard += '=';
    std::replace(standard.begin(), standard.end(), '-', '+');
    std::replace(standard.begin(), standard.end(), '_', '/');
    plain = from_base64(standard);
    OPENSSL_cleanse(standard.data(), standard.size());
  }
  if (!plain || plain->size() != key_bytes) return std::nullopt;
  std::array<unsigned char, key_bytes> key;
  std::memcpy(key.data(), plain->data(), key.size());
  OPENSSL_cleanse(plain->data(), plain->size());
  return key;
}

/// What the tag vouches for besides the secret itself.
std::string associated_data(std::string_view id, std::string_view place) {
  std::string data{version};
  data.append(id).append(".").append(place);
  return data;
}

void fill_random(unsigned char* bytes, std::size_t size) {
  CHECK(size <= 1u << 30);
  CHECK(RAND_bytes(bytes, static_cast<int>(size)) == 1);
}

std::unexpected<base::Error> file_failure(const std::filesystem::path& path, const std::string& doing) {
  return base::failure(base::ErrorKind::settings,
                       "cannot " + doing + " the key file " + path.string() + ": " + std::strerror(errno));
}

/// A file descriptor that closes itself.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

/// Makes `path` with a fresh key. The file appears under its name only when it is whole; where the name is taken
/// meanwhile, that file stays.
base::Result<void> create_key_file(const std::filesystem::path& path) {
  const std::string draft = path.string() + "." + random_hex(8);
  {
    const File file{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!file) return file_failure(path, "create");
    Secret key{random_hex(key_bytes) + "\n"};
    const auto& text = key.reveal();
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0) {
      auto failed = file_failure(path, "write");
      ::unlink(draft.c_str());
      return failed;
    }
  }
  const bool linked = ::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST;
  std::optional<base::Result<void>> failed;
  if (!linked) failed = file_failure(path, "create");
  ::unlink(draft.c_str());
  if (failed) return *failed;
  // What is sealed with the key must not outlive it in a power cut.
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
  if (const File folder{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}) ::fsync(folder.get());
  return {};
}

}  // namespace

KeyRing::Key::Key(const std::array<unsigned char, 32>& given) : bytes(given) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  id = to_hex(digest.data(), id_digits / 2);
}

KeyRing::Key::~Key() {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

base::Result<KeyRing> KeyRing::parse(std::string_view text) {
  static constexpr std::string_view allowed =
      "a key is 64 hex digits, base64 of 32 bytes, or 32 characters; several are separated by commas, newest first";
  KeyRing ring;
  // No list of keys is this short: the comma belongs to the key.
  if (text.size() == key_bytes && text.find(',') != text.npos) {
    ring.keys_.emplace_back(*key_from(text));
    return ring;
  }
  int position = 0;
  for (std::optional<std::string_view> rest = text; rest;) {
    ++position;
    const auto comma = rest->find(',');
    std::string_view word = rest->substr(0, comma);
    if (word.size() != key_bytes) word = trim(word);
    auto key = key_from(word);
    if (!key)
      return base::failure(base::ErrorKind::settings,
                           "encryption key " + std::to_string(position) + " has " + std::to_string(word.size()) +
                               " characters that do not make a key: " + std::string{allowed});
    ring.keys_.emplace_back(*key);
    OPENSSL_cleanse(key->data(), key->size());
    rest = comma == word.npos ? std::nullopt : std::optional{rest->substr(comma + 1)};
  }
  return ring;
}

std::string KeyRing::seal(std::string_view secret, std::string_view place) const {
  CHECK(secret.size() < 1u << 28 && place.size() < 1u << 28);
  const Key& key = keys_.front();
  const std::string associated = associated_data(key.id, place);
  std::string packed(nonce_bytes + secret.size() + tag_bytes, '\0');
  unsigned char* const nonce = bytes_of(packed);
  unsigned char* const cipher = nonce + nonce_bytes;
  fill_random(nonce, nonce_bytes);
  const CipherContext context{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
  CHECK(context);
  int size = 0;
  CHECK(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes.data(), nonce) == 1);
  CHECK(EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(associated), static_cast<int>(associated.size())) ==
        1);
  CHECK(EVP_EncryptUpdate(context.get(), cipher, &size, bytes_of(secret), static_cast<int>(secret.size())) == 1);
  CHECK(EVP_EncryptFinal_ex(context.get(), cipher + size, &size) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, cipher + secret.size()) == 1);
  return std::string{version} + key.id + "." + to_base64(packed);
}

base::Result<Secret> KeyRing::open(std::string_view sealed, std::string_view place) const {
  const auto never_sealed = [&] {
    return base::failure(base::ErrorKind::corrupt,
                         "the secret kept at " + std::string{place} + " is not in sealed form (v1.<key id>.<base64>)");
  };
  if (!sealed.starts_with(version) || sealed.size() < version.size() + id_digits + 1 ||
      sealed[version.size() + id_digits] != '.')
    return never_sealed();
  const std::string_view id = sealed.substr(version.size(), id_digits);
  if (id.find_first_not_of("0123456789abcdef") != id.npos) return never_sealed();
  auto packed = from_base64(sealed.substr(version.size() + id_digits + 1));
  if (!packed || packed->size() < nonce_bytes + tag_bytes) return never_sealed();

  const std::string associated = associated_data(id, place);
  const std::size_t length = packed->size() - nonce_bytes - tag_bytes;
  unsigned char* const nonce = bytes_of(*packed);
  unsigned char* const cipher = nonce + nonce_bytes;
  bool known = false;
  for (const Key& key : keys_) {
    if (key.id != id) continue;
    known = true;
    std::string plain(length + 1, '\0');
    const CipherContext context{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    CHECK(context);
    int size = 0;
    CHECK(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes.data(), nonce) == 1);
    CHECK(EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(associated), static_cast<int>(associated.size())) ==
          1);
    CHECK(EVP_DecryptUpdate(context.get(), bytes_of(plain), &size, cipher, static_cast<int>(length)) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, cipher + length) == 1);
    if (EVP_DecryptFinal_ex(context.get(), bytes_of(plain) + size, &size) == 1) {
      plain.resize(length);
      return Secret{std::move(plain)};
    }
    OPENSSL_cleanse(plain.data(), plain.size());
  }
  if (!known)
    return base::failure(base::ErrorKind::settings,
                         "the secret kept at " + std::string{place} + " was sealed with key " + std::string{id} +
                             ", which is not among the encryption keys; add that key behind the newest one, or sign "
                             "in again");
  return base::failure(base::ErrorKind::corrupt,
                       "the secret kept at " + std::string{place} +
                           " was changed since it was sealed, or was sealed for another place; sign in again");
}

std::string KeyRing::fingerprint(std::string_view secret) const {
  return fingerprint(keys_.back(), secret);
}

bool KeyRing::is_fingerprint(std::string_view print, std::string_view secret) const {
  return std::ranges::any_of(keys_, [&](const Key& key) { return fingerprint(key, secret) == print; });
}

std::string KeyRing::fingerprint(const Key& key, std::string_view secret) {
  // A key of its own for this purpose, so that nothing of how AES uses the bytes is touched.
  static constexpr std::string_view purpose = "lockstep fingerprint";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> own, digest;
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), key.bytes.data(), static_cast<int>(key.bytes.size()), bytes_of(purpose), purpose.size(),
             own.data(), &size) != nullptr);
  CHECK(HMAC(EVP_sha256(), own.data(), static_cast<int>(own.size()), bytes_of(secret), secret.size(), digest.data(),
             &size) != nullptr);
  OPENSSL_cleanse(own.data(), own.size());
  return to_hex(digest.data(), 8);
}

bool KeyRing::is_newest(std::string_view sealed) const {
  return sealed.starts_with(std::string{version} + newest_id() + ".");
}

base::Result<KeyRing> load_or_create_key_file(const std::filesystem::path& path) {
  for (bool created = false;; created = true) {
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) {
      if (errno != ENOENT || created) return file_failure(path, "open");
      RETURN_IF_ERROR(create_key_file(path));
      continue;
    }
    struct stat about{};
    if (::fstat(file.get(), &about) != 0) return file_failure(path, "examine");
    if (!S_ISREG(about.st_mode))
      return base::failure(base::ErrorKind::settings, "the key file " + path.string() + " is not a file");
    if ((about.st_mode & 077) != 0)
      return base::failure(base::ErrorKind::settings, "the key file " + path.string() +
                                                          " is open to other users; run: chmod 600 " + path.string());
    std::string text(64 * 1024, '\0');
    const ssize_t size = ::read(file.get(), text.data(), text.size());
    if (size < 0) return file_failure(path, "read");
    text.resize(static_cast<std::size_t>(size));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ',')) text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ',');
    auto ring = KeyRing::parse(text);
    OPENSSL_cleanse(text.data(), text.size());
    if (!ring)
      return base::failure(base::ErrorKind::settings, "the key file " + path.string() + ": " + ring.error().message);
    return ring;
  }
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  fill_random(bytes_of(raw), bytes);
  std::string text = to_hex(bytes_of(raw), bytes);
  OPENSSL_cleanse(raw.data(), raw.size());
  return text;
}

}  // namespace security
