#include "salesforce/secret_scan.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace salesforce {
namespace {

struct Scan : testing::Test {
  Scan() { scan.add(base::Secret{"pA+s/w&rd=\"7%z\\k"}); }
  SecretScan scan;
};

TEST_F(Scan, FindsASecretInEveryForm) {
  for (const char* text : {
           "password=pA+s/w&rd=\"7%z\\k&x",                       // as it is
           "pA%2Bs%2Fw%26rd%3D%227%25z%5Ck",                      // percent-encoded
           "pa%2bs%2fw%26rd%3d%227%25z%5ck",                      // with small digits
           "pA%252Bs%252Fw%2526rd%253D%25227%2525z%255Ck",        // twice
           "pA+s/w&rd=\\\"7%z\\\\k",                              // escaped in JSON
           "pA\\u002bs\\/w\\u0026rd=\\\"7%z",                     // with numbers
           "pA+s/w&amp;rd=&quot;7%z", "pA&#43;s&#x2F;w&amp;rd=",  // in HTML
           "cEErcy93JnJkPSI3JXpcaw==",                            // base64
           "OnBBK3MvdyZyZD0iNyV6", "dTpwQStzL3cmcmQ9Ijclelxr",    // base64 with ":" and "u:" before it
           "nothing but pA+s/w&r", "...rd=\"7%z\\k",              // cut off
       })
    EXPECT_TRUE(scan.finds_in(text)) << text;
}

TEST_F(Scan, LeavesTheRestAlone) {
  for (const char* text : {"", "authentication failure", "user hasn't approved this consumer", "pA+s/w&", "%", "%2",
                           "&#;", "&#x;", "\\u00", "invalid_grant: expired access/refresh token"})
    EXPECT_FALSE(scan.finds_in(text)) << text;
  EXPECT_FALSE(SecretScan{}.finds_in("anything"));
}

TEST_F(Scan, FindsAllOfAShortSecret) {
  SecretScan shorter;
  shorter.add(base::Secret{"a&b"});
  EXPECT_TRUE(shorter.finds_in("client_secret=a%26b"));
  EXPECT_FALSE(shorter.finds_in("a and b"));
}

TEST(ScanProperty, FindsEightBytesOfAnySecretWhereverTheyStand) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Random random{seed};
    std::string secret;
    for (std::uint64_t size = 8 + random.below(40); secret.size() < size;)
      secret += static_cast<char>(33 + random.below(94));
    if (secret.contains('\\')) continue;  // which escapes what follows it: what is eight characters then?
    SecretScan scan;
    scan.add(base::Secret{secret});
    const std::string piece = secret.substr(random.below(secret.size() - 7), 8);
    EXPECT_TRUE(scan.finds_in("it was <" + piece + "> and no more")) << piece;
  }
}

}  // namespace
}  // namespace salesforce
