#include "signin/password.h"

#include <gtest/gtest.h>

namespace signin {
namespace {

TEST(Password, FitsItsOwnHashOnly) {
  const auto hash = hash_of("a password of length");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
  EXPECT_TRUE(fits("a password of length", *hash));
  EXPECT_FALSE(fits("a password of lengtH", *hash));
  EXPECT_NE(*hash, *hash_of("a password of length")) << "each has its salt";
}

TEST(Password, HasItsLimits) {
  EXPECT_FALSE(hash_of("fourteen chars"));
  EXPECT_FALSE(hash_of(std::string(257, 'a')));
  EXPECT_FALSE(fits("anything", "no hash"));
}

TEST(Password, AHashIsChecked) {
  EXPECT_TRUE(check_hash(*hash_of("a password of length")));
  EXPECT_FALSE(check_hash("5f4dcc3b5aa765d61d8327deb882cf99"));
}

}  // namespace
}  // namespace signin
