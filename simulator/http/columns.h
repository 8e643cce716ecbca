#pragma once

#include <string>
#include <string_view>

#include "simulator/org/org.h"

namespace simulator {

/// What `query?q=…&columns=true` answers: which columns the result of a statement has, without running it. The
/// Salesforce command line asks for it before it shows a table.
Outcome<std::string> query_columns_json(const Org& org, const Caller& caller, std::string_view statement,
                                        bool with_deleted);

}  // namespace simulator
