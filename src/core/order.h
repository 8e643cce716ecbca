#pragma once

#include <vector>

#include "model/mapping.h"

namespace core {

/// Puts the mappings in an order in which parents come before their children, as far as their references allow; in a
/// cycle the one goes first that waits for the fewest. Where references say nothing, the order is that of
/// model::rank_of_object(), then of the names. Pure; equal mappings give equal orders.
void put_in_order(std::vector<model::Mapping>& mappings);

}  // namespace core
