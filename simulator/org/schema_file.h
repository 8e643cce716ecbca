#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "simulator/org/schema.h"

namespace simulator {

/// Adds the objects of all describe files (*.json) in a directory to the schema; an object of a name that is there
/// already replaces it. A file holds what `sf sobject describe --json` prints or what the REST resource answers, with
/// or without its {status, result}. An error names the file and the property that is missing or wrong.
base::Result<void> load_describe_files(const std::string& directory, Schema& schema);

/// One such file: the object, and what it says of its children. `file` is for messages.
struct DescribedObject {
  struct Child {
    std::string object, field, relationship;
    bool cascade_delete, restricted_delete;
  };
  Object object;
  std::vector<Child> children;
};
base::Result<DescribedObject> read_describe(std::string_view json, std::string_view file);

/// The schema of an org with these options. Kind `settings` for what is wrong with describe files.
base::Result<Schema> make_schema(const SchemaOptions& options);

}  // namespace simulator
