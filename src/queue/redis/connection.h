#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "queue/redis/stream.h"
#include "queue/redis_address.h"

struct redisReader;

namespace queue {

/// What Redis answers.
struct Reply {
  enum class Kind { nil, integer, text, list } kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text = {};
  std::vector<Reply> items = {};

  bool is_nil() const { return kind == Kind::nil; }
};

/// One connection to a Redis server, which it makes when first needed and again whenever it is lost, waiting longer
/// after each failure (50 ms to 5 s). Used by one thread, but for interrupt().
///
/// Errors: `unreachable` when nothing was done (also while waiting for the next attempt), `unknown_fate` when the
/// answer was lost, `settings` when the server refuses the credentials or the database. What Redis itself refuses is
/// `rejected`, with the first word of its answer as the code ("NOSCRIPT").
class Connection {
 public:
  /// `name`: for CLIENT SETNAME; empty: none.
  Connection(RedisAddress address, std::string name);
  ~Connection();

  using Arguments = std::vector<std::string_view>;
  base::Result<Reply> command(const Arguments& arguments, std::chrono::milliseconds at_most = std::chrono::seconds{10});
  /// Sends all, then reads all answers. The first refusal is the error.
  base::Result<std::vector<Reply>> pipeline(std::span<const Arguments> commands,
                                            std::chrono::milliseconds at_most = std::chrono::seconds{10});

  void close();
  /// Ends what is waited for now, with `cancelled`; the connection is then closed. From any thread.
  void interrupt();

  /// Counts the times a connection was made; a new one knows nothing of what was said before.
  std::uint64_t times_connected() const { return times_connected_; }

 private:
  base::Result<void> connect();
  base::Result<void> open(const RedisAddress::Host& host, Deadline deadline);
  base::Result<void> sign_in(Deadline deadline);
  base::Result<RedisAddress::Host> ask_sentinels(Deadline deadline);
  base::Result<Reply> ask(const Arguments& arguments, Deadline deadline);
  base::Result<Reply> read_reply(Deadline deadline);
  base::Error lost(base::Error error);

  const RedisAddress address_;
  const std::string name_;
  struct FreeReader {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, FreeReader> reader_;
  std::mutex stream_mutex_;  // Guards the exchange of stream_ against interrupt().
  std::unique_ptr<Stream> stream_;
  std::uint64_t times_connected_ = 0;
  Deadline not_before_{};
  std::chrono::milliseconds pause_{0};
  std::string last_failure_;
};

/// The bytes of one command.
std::string encoded(const Connection::Arguments& arguments);

}  // namespace queue
