#include "security/seal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <ostream>
#include <set>
#include <thread>
#include <type_traits>

namespace security {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

const std::string old_key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string new_key = "an old key of thirty-two letters";

KeyRing ring_of(const std::string& text) {
  auto ring = KeyRing::parse(text);
  EXPECT_TRUE(ring) << ring.error().message;
  return *std::move(ring);
}

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Printable<Secret> && !std::is_convertible_v<Secret, std::string>);

TEST(Secret, LeavesNothingWhereItMovedFrom) {
  Secret first{"short"};
  const Secret second{std::move(first)};
  EXPECT_EQ(second.reveal(), "short");
  EXPECT_TRUE(first.empty());  // NOLINT: the state after the move is what is tested.
  first = second;
  EXPECT_EQ(first.reveal(), "short");
}

TEST(KeyRing, ReadsTheSameKeyInEveryForm) {
  const std::string sealed = ring_of(old_key).seal("token", "row");
  for (const char* form :
       {"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"}) {
    const auto opened = ring_of(form).open(sealed, "row");
    ASSERT_TRUE(opened) << form;
    EXPECT_EQ(opened->reveal(), "token");
  }
}

TEST(KeyRing, NamesAKeyByItsDigest) {
  // SHA-256 of the bytes 0 to 31.
  EXPECT_EQ(ring_of(old_key).newest_id(), "630dcd29");
  EXPECT_THAT(ring_of(old_key).seal("x", ""), MatchesRegex("v1\\.630dcd29\\.[A-Za-z0-9+/]+=*"));
}

TEST(KeyRing, TakesACommaInsideTheOnlyKeyOf32Characters) {
  EXPECT_EQ(ring_of("an old key, of 32 characters now").size(), 1u);
  EXPECT_EQ(ring_of(new_key + " , " + old_key).size(), 2u);
}

TEST(KeyRing, SaysWhichKeyIsWrongAndNotWhatItIs) {
  for (const std::string wrong : {"hunter2", "hunter2-hunter2-hunter2-hunter2-hunter2-hun", ""}) {
    const auto ring = KeyRing::parse(old_key + "," + wrong);
    ASSERT_FALSE(ring) << wrong;
    EXPECT_EQ(ring.error().kind, base::ErrorKind::settings);
    EXPECT_THAT(ring.error().message, HasSubstr("encryption key 2 "));
    EXPECT_THAT(ring.error().message, HasSubstr("64 hex digits"));
    EXPECT_THAT(ring.error().message, Not(HasSubstr("hunter2")));
  }
  std::string no_hex = old_key;
  no_hex[5] = 'x';
  EXPECT_FALSE(KeyRing::parse(no_hex));
  EXPECT_FALSE(KeyRing::parse(""));
}

TEST(KeyRing, FingerprintsStandForASecretUnderOneKey) {
  const KeyRing ring = ring_of(old_key);
  EXPECT_THAT(ring.fingerprint("token"), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(ring.fingerprint("token"), ring_of(old_key).fingerprint("token"));
  EXPECT_NE(ring.fingerprint("token"), ring.fingerprint("tokem"));
  EXPECT_NE(ring.fingerprint("token"), ring_of(new_key).fingerprint("token"));
}

TEST(KeyRing, FingerprintsAreOneForAllWhoChangeTheirKeys) {
  const KeyRing before = ring_of(old_key), between = ring_of(new_key + "," + old_key), after = ring_of(new_key);
  EXPECT_EQ(before.fingerprint("token"), between.fingerprint("token"));
  EXPECT_TRUE(between.is_fingerprint(after.fingerprint("token"), "token"));
  EXPECT_TRUE(between.is_fingerprint(before.fingerprint("token"), "token"));
  EXPECT_FALSE(between.is_fingerprint(before.fingerprint("token"), "tokem"));
  EXPECT_FALSE(between.is_fingerprint("", "token"));
  EXPECT_FALSE(before.is_fingerprint(after.fingerprint("token"), "token"));
}

TEST(KeyRing, SealsTheSameSecretDifferentlyEachTime) {
  const KeyRing ring = ring_of(old_key);
  EXPECT_NE(ring.seal("token", "row"), ring.seal("token", "row"));
}

TEST(KeyRing, NamesTheKeyThatIsMissing) {
  const auto opened =
      ring_of(new_key).open(ring_of(old_key).seal("token", "orgs/7/refresh_token"), "orgs/7/refresh_token");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, base::ErrorKind::settings);
  EXPECT_THAT(opened.error().message, HasSubstr("630dcd29"));
  EXPECT_THAT(opened.error().message, HasSubstr("orgs/7/refresh_token"));
}

TEST(KeyRing, RefusesWhatWasNeverSealed) {
  const KeyRing ring = ring_of(old_key);
  for (const char* text : {"", "token", "v1.", "v1.630dcd29", "v1.630dcd29.", "v1.630dcd29.AAAA", "v2.630dcd29.AAAA",
                           "v1.630dcd29.####", "v1.630dcd2.AAAA"}) {
    const auto opened = ring.open(text, "row");
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().kind, base::ErrorKind::corrupt) << text;
  }
}

RC_GTEST_PROP(KeyRing, GivesBackWhatItSealed, (const std::string& secret, const std::string& place)) {
  const KeyRing ring = ring_of(old_key);
  const auto opened = ring.open(ring.seal(secret, place), place);
  RC_ASSERT(opened.has_value());
  RC_ASSERT(opened->reveal() == secret);
}

RC_GTEST_PROP(KeyRing, NoticesEveryChangedBit, (const std::string& secret)) {
  const KeyRing ring = ring_of(old_key);
  std::string sealed = ring.seal(secret, "row");
  const auto bit = *rc::gen::inRange<std::size_t>(0, sealed.size() * 8);
  sealed[bit / 8] = static_cast<char>(sealed[bit / 8] ^ (1 << (bit % 8)));
  RC_ASSERT(!ring.open(sealed, "row"));
}

RC_GTEST_PROP(KeyRing, NoticesAMissingEnd, (const std::string& secret)) {
  const KeyRing ring = ring_of(old_key);
  const std::string sealed = ring.seal(secret, "row");
  RC_ASSERT(!ring.open(sealed.substr(0, *rc::gen::inRange<std::size_t>(0, sealed.size())), "row"));
}

RC_GTEST_PROP(KeyRing, OpensOnlyAtTheSamePlace,
              (const std::string& secret, const std::string& place, const std::string& other)) {
  RC_PRE(place != other);
  const KeyRing ring = ring_of(old_key);
  const auto opened = ring.open(ring.seal(secret, place), other);
  RC_ASSERT(!opened.has_value());
  RC_ASSERT(opened.error().kind == base::ErrorKind::corrupt);
}

RC_GTEST_PROP(KeyRing, StillOpensWhatAnOlderKeySealed, (const std::string& secret)) {
  const std::string sealed = ring_of(old_key).seal(secret, "row");
  const KeyRing rotated = ring_of(new_key + "," + old_key);
  const auto opened = rotated.open(sealed, "row");
  RC_ASSERT(opened.has_value());
  RC_ASSERT(opened->reveal() == secret);
  RC_ASSERT(!rotated.is_newest(sealed));
  const std::string again = rotated.seal(secret, "row");
  RC_ASSERT(rotated.is_newest(again));
  RC_ASSERT(ring_of(new_key).open(again, "row").has_value());
  RC_ASSERT(!ring_of(old_key).open(again, "row").has_value());
}

TEST(RandomHex, DiffersEachTime) {
  std::set<std::string> seen;
  for (int draw = 0; draw < 100; ++draw) seen.insert(random_hex(16));
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_THAT(*seen.begin(), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(random_hex(0), "");
}

class KeyFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lockstep-key-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ / "lockstep.key";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text, std::filesystem::perms mode = std::filesystem::perms{0600}) {
    std::ofstream{path_} << text;
    std::filesystem::permissions(path_, mode);
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(KeyFile, IsMadeOnceForItsOwnerOnly) {
  const auto made = load_or_create_key_file(path_);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms{0600});
  const auto loaded = load_or_create_key_file(path_);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->newest_id(), made->newest_id());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder_}, {}), 1);
}

TEST_F(KeyFile, IsTheSameForAllWhoMakeItAtOnce) {
  std::vector<std::string> ids(8);
  std::vector<std::thread> makers;
  for (std::string& id : ids)
    makers.emplace_back([&] {
      const auto ring = load_or_create_key_file(path_);
      id = ring ? ring->newest_id() : ring.error().message;
    });
  for (std::thread& maker : makers) maker.join();
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 1u) << testing::PrintToString(ids);
}

TEST_F(KeyFile, KeepsARotatedRing) {
  write(new_key + "\n" + old_key + "\n");
  const auto ring = load_or_create_key_file(path_);
  ASSERT_TRUE(ring) << ring.error().message;
  EXPECT_EQ(ring->size(), 2u);
  EXPECT_EQ(ring->newest_id(), ring_of(new_key).newest_id());
}

TEST_F(KeyFile, IsRefusedWhenOthersMayReadIt) {
  write(old_key, std::filesystem::perms{0640});
  const auto ring = load_or_create_key_file(path_);
  ASSERT_FALSE(ring);
  EXPECT_THAT(ring.error().message, HasSubstr("chmod 600 " + path_.string()));
}

TEST_F(KeyFile, IsRefusedWhenItHoldsNoKey) {
  write("");
  const auto ring = load_or_create_key_file(path_);
  ASSERT_FALSE(ring);
  EXPECT_THAT(ring.error().message, HasSubstr(path_.string()));
  const auto nowhere = load_or_create_key_file(folder_ / "missing" / "lockstep.key");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, base::ErrorKind::settings);
}

}  // namespace
}  // namespace security
