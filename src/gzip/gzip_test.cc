#include "gzip/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/random.h"

namespace gzip {
namespace {

std::string any_text(base::Random& random, std::size_t size) {
  std::string text(size, '\0');
  const bool dense = random.chance(0.2);
  for (char& c : text) c = dense ? static_cast<char>(random.next()) : "abc,\"\n"[random.below(6)];
  return text;
}

/// Unpacks in pieces and rooms of any size.
base::Result<std::string> in_pieces(std::string_view packed, base::Random& random, std::size_t largest) {
  Inflater inflater;
  std::string out, room(1 + random.below(largest), '\0');
  while (!packed.empty()) {
    std::string_view piece = packed.substr(0, 1 + random.below(largest));
    packed.remove_prefix(piece.size());
    for (;;) {
      ASSIGN_OR_RETURN(const std::size_t wrote, inflater.inflate(piece, room));
      out.append(room, 0, wrote);
      if (wrote < room.size()) break;
    }
    EXPECT_TRUE(piece.empty());
  }
  if (!inflater.is_complete()) return base::failure(base::ErrorKind::malformed, "cut");
  return out;
}

/// What another program makes of it.
std::string by_zlib(const std::string& packed, std::size_t size) {
  std::string out(size + 1, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(GzipProperty, GivesBackWhatWentInHoweverItIsCut) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Random random{seed};
    const std::string text = any_text(random, random.below(random.chance(0.1) ? 300'000 : 3'000));
    std::string out;
    Deflater deflater;
    for (std::string_view left = text; !left.empty();) {
      const std::string_view piece = left.substr(0, 1 + random.below(5'000));
      left.remove_prefix(piece.size());
      deflater.deflate(piece, random.chance(0.3) ? Deflater::Flush::sync : Deflater::Flush::none, out);
    }
    deflater.deflate("", Deflater::Flush::end, out);
    ASSERT_EQ(by_zlib(out, text.size()), text);
    const auto whole = unpacked(out, text.size());
    ASSERT_TRUE(whole) << whole.error().message;
    ASSERT_EQ(*whole, text);
    const auto pieces = in_pieces(out, random, random.chance(0.2) ? 1 : 2'000);
    ASSERT_TRUE(pieces) << pieces.error().message;
    ASSERT_EQ(*pieces, text);
  }
}

TEST(Gzip, ReadsMembersOneBehindTheOther) {
  base::Random random{5};
  const std::string first = any_text(random, 100'000), second = any_text(random, 70'000);
  const std::string both = packed(first) + packed("") + packed(second);
  for (const std::size_t largest : {1, 3, 1'000, 1'000'000}) {
    const auto text = in_pieces(both, random, largest);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(*text, first + second);
  }
}

TEST(Gzip, TakesNoCutStreamForAWholeOne) {
  base::Random random{3};
  const std::string whole = packed(any_text(random, 5'000));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto text = unpacked(std::string_view{whole}.substr(0, size), 10'000);
    ASSERT_FALSE(text) << size;
    EXPECT_EQ(text.error().message, "the compressed data is cut short") << size;
  }
}

TEST(Gzip, SeesDamage) {
  base::Random random{4};
  const std::string text = any_text(random, 5'000), whole = packed(text);
  // Bytes 4 to 9 of the header are a time and hints that mean nothing here; the last bits before the trailer may mean
  // nothing either.
  for (std::size_t at = 10; at < whole.size(); ++at) {
    std::string bent = whole;
    bent[at] = static_cast<char>(bent[at] ^ (1 << random.below(8)));
    const auto read = unpacked(bent, 1'000'000);
    EXPECT_TRUE(!read || (*read == text && at + 9 == whole.size())) << at;
  }
  EXPECT_FALSE(unpacked("plain text, not packed", 100));
  EXPECT_FALSE(unpacked(whole + "behind", 10'000));
}

TEST(Gzip, BoundsWhatItUnpacks) {
  const std::string bomb = packed(std::string(10'000'000, 'x'));
  const auto text = unpacked(bomb, 1'000'000);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message, "the compressed data unpacks to more than 1000000 bytes");
  EXPECT_TRUE(unpacked(bomb, 10'000'000));
}

TEST(Gzip, SyncBringsOutAllThatWentIn) {
  Deflater deflater;
  Inflater inflater;
  for (const std::string text : {"first", "second, longer", ""}) {
    std::string out, room(100, '\0');
    deflater.deflate(text, Deflater::Flush::sync, out);
    std::string_view left = out;
    const auto wrote = inflater.inflate(left, room);
    ASSERT_TRUE(wrote);
    EXPECT_EQ(room.substr(0, *wrote), text);
  }
}

}  // namespace
}  // namespace gzip
