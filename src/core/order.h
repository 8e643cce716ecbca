#pragma once

#include <vector>

#include "model/mapping.h"

namespace core {

/// Puts the mappings in an order in which parents come before their children, as far as their references allow, and
/// marks every reference whose parent comes at the same time or later (the object itself, or a cycle): a record is
/// made without it first and gets it once the parent is there. Pure; equal mappings give equal orders.
void put_in_order(std::vector<model::Mapping>& mappings);

}  // namespace core
