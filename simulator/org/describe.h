#pragma once

#include <string>
#include <string_view>

#include "simulator/org/schema.h"

namespace simulator {

/// The body of `sobjects/{Object}/describe`; `root` is "/services/data/v66.0", `site` "https://acme.my.salesforce.com".
std::string describe(const Schema& schema, const Object& object, std::string_view root, std::string_view site = {});

/// The body of `sobjects`.
std::string describe_global(const Schema& schema, std::string_view root);

/// An object's entry in the global describe, which `sobjects/{Object}` answers too.
std::string describe_briefly(const Object& object, std::string_view root);

}  // namespace simulator
