#pragma once

#include <functional>
#include <optional>

#include "csv/reader.h"
#include "gzip/gzip.h"
#include "salesforce/transport.h"

namespace salesforce {

/// Takes an answer of CSV, packed or not, and hands out its rows as they come.
class CsvSink : public BodySink {
 public:
  /// An error of `each` breaks the exchange off.
  using EachRow = std::function<base::Result<void>(const csv::Row&)>;
  explicit CsvSink(EachRow each) : each_(std::move(each)) {}

  void begin(const Answer& head) override;
  bool take(std::string_view piece) override;

  /// What the exchange came to: `sent` is its own outcome. Hands out what is left if that was a success. `unreachable`
  /// for an answer that is cut within a row or before the end of its packing.
  base::Result<void> finish(const base::Result<Answer>& sent);

 private:
  base::Result<void> unpack(std::string_view piece);
  base::Result<void> drain();

  const EachRow each_;
  csv::Reader reader_;
  csv::Row row_;
  std::optional<gzip::Inflater> packed_;
  std::optional<base::Error> failed_;
};

}  // namespace salesforce
