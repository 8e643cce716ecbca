#pragma once

#include <map>
#include <string>
#include <string_view>

#include "simulator/org/api_error.h"

namespace simulator::bulk {

/// The parts of a multipart/form-data body by their names. Source: RFC 7578.
Outcome<std::map<std::string, std::string, std::less<>>> multipart_parts(std::string_view content_type,
                                                                         std::string_view body);

}  // namespace simulator::bulk
