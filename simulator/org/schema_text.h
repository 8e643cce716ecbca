#pragma once

#include <span>
#include <string_view>

namespace simulator {

/// An object with its fields in describe order, one a line:
///   name type[(length)|(precision,scale)] access [=targets] [>child relationship[!]] [picklist values]
/// Access: C create, U update, R read only, ! required on create, d default by the server, i usable to look up,
/// * neither filter nor sort, r restricted picklist. Targets are separated by commas; '!' behind the child
/// relationship: a deleted parent takes its children along. Picklist values begin with '|', the default one with '*'.
struct ObjectText {
  std::string_view name, label, plural, prefix, fields;
};

/// Salesforce's own objects as a default org has them, in the order of the constants of schema.h.
std::span<const ObjectText> standard_objects();

}  // namespace simulator
