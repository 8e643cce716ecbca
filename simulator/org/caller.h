#pragma once

#include <cstdint>

#include "simulator/org/value.h"

namespace simulator {

struct Object;

/// Who asks, and how.
struct Caller {
  std::uint16_t user = 1;         ///< Number of the user: CreatedById, LastModifiedById and the owner by default.
  bool is_administrator = false;  ///< Sees fields and records that are hidden from the API's users.
  bool is_automation = false;     ///< Moves SystemModstamp, but neither LastModifiedDate nor LastModifiedById.
  bool saves_duplicates = false;  ///< Sforce-Duplicate-Rule-Header: allowSave=true.
  std::uint64_t request = 0;      ///< The request in flight that keeps its locks until it ends; 0 keeps none.
};

/// A place that a caller writes to by name: a field, or a parent by one of the parent's keys ("Account.Ext__c").
struct Column {
  std::size_t field = 0;
  const Object* parent = nullptr;
  std::size_t parent_key = 0;
};

/// A value for a field, as Org::read() gives it. Its text is borrowed.
struct Assignment {
  std::size_t field = 0;
  Cell cell;
};

}  // namespace simulator
