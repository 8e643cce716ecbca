#pragma once

#include <optional>

#include "simulator/http/resource.h"

namespace simulator {

/// What a call demands of a thing's last change and of its ETag, before it is answered: If-Match, If-None-Match,
/// If-Modified-Since and If-Unmodified-Since. Seconds are all they can tell apart.
struct Version {
  base::Utc changed;
  std::string etag = {};  ///< Empty: the thing has none, and its conditions are not looked at.
};

/// The answer, if a condition does not hold: 304 or 412, and 400 for headers that cannot be read.
std::optional<Reply> unmet_condition(const Call& call, const Version& version);

/// A strong ETag of this text, with its quotes.
std::string etag_of(std::string_view text);

}  // namespace simulator
