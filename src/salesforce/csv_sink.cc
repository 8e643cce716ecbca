#include "salesforce/csv_sink.h"

namespace salesforce {
namespace {

base::Error cut(const std::string& why) {
  return {base::ErrorKind::unreachable, "Salesforce's answer of CSV came incomplete: " + why + ". It is read again."};
}

}  // namespace

void CsvSink::begin(const Answer& head) {
  if (head.header("content-encoding").contains("gzip")) packed_.emplace();
}

bool CsvSink::take(std::string_view piece) {
  if (failed_) return false;
  if (auto taken = unpack(piece); !taken) failed_ = std::move(taken).error();
  return !failed_;
}

base::Result<void> CsvSink::unpack(std::string_view piece) {
  if (!packed_) {
    reader_.feed(piece);
    return drain();
  }
  for (;;) {
    const std::span<char> room = reader_.room();
    auto wrote = packed_->inflate(piece, room);
    if (!wrote) return std::unexpected(cut(wrote.error().message));
    reader_.filled(*wrote);
    RETURN_IF_ERROR(drain());
    if (*wrote < room.size()) return {};
  }
}

base::Result<void> CsvSink::drain() {
  for (;;) {
    const auto next = reader_.next(row_);
    if (!next) return std::unexpected(cut(next.error().message));
    if (*next != csv::Reader::Next::row) return {};
    RETURN_IF_ERROR(each_(row_));
  }
}

base::Result<void> CsvSink::finish(const base::Result<Answer>& sent) {
  if (failed_) return std::unexpected(*failed_);
  if (!sent) return std::unexpected(sent.error());
  if (packed_ && !packed_->is_complete()) return std::unexpected(cut("its compression is cut short"));
  reader_.finish();
  return drain();
}

}  // namespace salesforce
