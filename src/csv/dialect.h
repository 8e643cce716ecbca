#pragma once

namespace csv {

enum class LineEnding {
  lf,      ///< A row ends with LF; a CR before it belongs to the value.
  crlf,    ///< A row ends with CR LF; either alone is part of an unquoted value.
  either,  ///< A row ends with LF, with or without a CR before it.
};

/// How values and rows are set apart. RFC 4180 with another delimiter.
struct Dialect {
  char delimiter = ',';
  LineEnding line_ending = LineEnding::lf;
};

}  // namespace csv
