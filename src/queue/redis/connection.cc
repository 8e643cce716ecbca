#include "queue/redis/connection.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace queue {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto connect_time = 5s;
constexpr auto first_pause = 50ms, longest_pause = 5000ms;

Reply copy_of(const redisReply& from) {
  switch (from.type) {
    case REDIS_REPLY_INTEGER:
      return {Reply::Kind::integer, from.integer, {}, {}};
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
      return {Reply::Kind::text, 0, {from.str, from.len}, {}};
    case REDIS_REPLY_ARRAY: {
      Reply list{Reply::Kind::list, 0, {}, {}};
      list.items.reserve(from.elements);
      for (std::size_t i = 0; i < from.elements; ++i) list.items.push_back(copy_of(*from.element[i]));
      return list;
    }
    default:
      return {};
  }
}

/// What a refusal of Redis's means for us.
base::Error refusal(const std::string& text) {
  const std::string code = text.substr(0, text.find(' '));
  const auto is = [&](std::initializer_list<std::string_view> codes) {
    return std::ranges::find(codes, std::string_view{code}) != codes.end();
  };
  if (is({"NOAUTH", "WRONGPASS", "NOPERM"}) || text.find("invalid password") != text.npos ||
      text.find("DB index is out of range") != text.npos)
    return {ErrorKind::settings, "Redis refuses what queue.url says: " + text, code};
  if (is({"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "OOM", "MISCONF", "BUSY", "NOREPLICAS"}))
    return {ErrorKind::unreachable,
            "Redis takes no writes now: " + text + (is({"OOM"}) ? "; give it more memory (maxmemory)" : ""), code};
  return {ErrorKind::rejected, "Redis: " + text, code};
}

/// The server is not the one it was, or not yet itself: another attempt must begin with a new connection.
bool needs_new_connection(const base::Error& error) {
  return error.service_code == "READONLY" || error.service_code == "LOADING" || error.service_code == "MASTERDOWN";
}

}  // namespace

void Connection::FreeReader::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

std::string encoded(const Connection::Arguments& arguments) {
  std::string bytes = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string_view argument : arguments) {
    bytes += "$" + std::to_string(argument.size()) + "\r\n";
    bytes += argument;
    bytes += "\r\n";
  }
  return bytes;
}

Connection::Connection(RedisAddress address, std::string name) : address_(std::move(address)), name_(std::move(name)) {}
Connection::~Connection() = default;

void Connection::close() {
  const std::lock_guard lock{stream_mutex_};
  stream_.reset();
}

void Connection::interrupt() {
  const std::lock_guard lock{stream_mutex_};
  if (stream_) stream_->interrupt();
}

/// The connection is of no more use; the error says so to the caller.
base::Error Connection::lost(base::Error error) {
  close();
  return error;
}

base::Result<Reply> Connection::read_reply(Deadline deadline) {
  std::array<char, 16 * 1024> buffer;
  while (true) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK)
      return std::unexpected(
          lost({ErrorKind::malformed, "Redis's answer cannot be understood: " + std::string{reader_->errstr}}));
    if (raw != nullptr) {
      const std::unique_ptr<redisReply, void (*)(void*)> reply{static_cast<redisReply*>(raw), &freeReplyObject};
      if (reply->type == REDIS_REPLY_ERROR) return std::unexpected(refusal({reply->str, reply->len}));
      return copy_of(*reply);
    }
    const auto got = stream_->read(buffer.data(), buffer.size(), deadline);
    if (!got) return std::unexpected(lost(got.error()));
    redisReaderFeed(reader_.get(), buffer.data(), *got);
  }
}

base::Result<Reply> Connection::ask(const Arguments& arguments, Deadline deadline) {
  RETURN_IF_ERROR(stream_->write(encoded(arguments), deadline));
  return read_reply(deadline);
}

base::Result<void> Connection::open(const RedisAddress::Host& host, Deadline deadline) {
  ASSIGN_OR_RETURN(auto stream, Stream::connect(host.name, host.port, address_.tls, deadline));
  reader_.reset(redisReaderCreate());
  const std::lock_guard lock{stream_mutex_};
  stream_ = std::move(stream);
  return {};
}

base::Result<void> Connection::sign_in(Deadline deadline) {
  if (address_.password.empty()) return {};
  Arguments arguments{"AUTH"};
  if (!address_.user.empty()) arguments.push_back(address_.user);
  arguments.push_back(address_.password);
  RETURN_IF_ERROR(ask(arguments, deadline));
  return {};
}

base::Result<RedisAddress::Host> Connection::ask_sentinels(Deadline deadline) {
  base::Error last{ErrorKind::unreachable, "no sentinel answers"};
  for (const RedisAddress::Host& sentinel : address_.hosts) {
    if (auto opened = open(sentinel, deadline); !opened) {
      last = opened.error();
      continue;
    }
    const Arguments question{"SENTINEL", "get-master-addr-by-name", address_.master};
    auto answer = ask(question, deadline);
    if (!answer && answer.error().service_code == "NOAUTH" && sign_in(deadline)) answer = ask(question, deadline);
    if (!answer) {
      last = answer.error();
      continue;
    }
    int port = 0;
    if (answer->items.size() == 2 && !answer->items[0].text.empty()) {
      const std::string& digits = answer->items[1].text;
      std::from_chars(digits.data(), digits.data() + digits.size(), port);
    }
    if (port > 0 && port <= 65535) return RedisAddress::Host{answer->items[0].text, static_cast<std::uint16_t>(port)};
    last = {ErrorKind::settings, "sentinel " + sentinel.name + ":" + std::to_string(sentinel.port) +
                                     " knows no master " + address_.master + ": check queue.url"};
  }
  return std::unexpected(std::move(last));
}

base::Result<void> Connection::connect() {
  const auto now = steady_clock::now();
  if (now < not_before_)
    return base::failure(ErrorKind::unreachable, last_failure_ + " (the next attempt follows soon)");
  const Deadline deadline = now + connect_time;
  const auto made = [&]() -> base::Result<void> {
    RedisAddress::Host host = address_.hosts.front();
    if (!address_.master.empty()) {
      ASSIGN_OR_RETURN(host, ask_sentinels(deadline));
    }
    RETURN_IF_ERROR(open(host, deadline));
    RETURN_IF_ERROR(sign_in(deadline));
    if (address_.database != 0) RETURN_IF_ERROR(ask({"SELECT", std::to_string(address_.database)}, deadline));
    if (!name_.empty()) RETURN_IF_ERROR(ask({"CLIENT", "SETNAME", name_}, deadline));
    if (address_.master.empty()) return {};
    // A sentinel may not know yet that its master was replaced.
    ASSIGN_OR_RETURN(const Reply role, ask({"ROLE"}, deadline));
    if (role.items.empty() || role.items[0].text != "master")
      return base::failure(ErrorKind::unreachable,
                           "Redis at " + host.name + ":" + std::to_string(host.port) + " is no master any more");
    return {};
  }();
  if (made) {
    ++times_connected_;
    pause_ = 0ms;
    return {};
  }
  close();
  pause_ = std::clamp<std::chrono::milliseconds>(pause_ * 2, first_pause, longest_pause);
  not_before_ = steady_clock::now() + pause_;
  last_failure_ = made.error().message;
  return made;
}

base::Result<Reply> Connection::command(const Arguments& arguments, std::chrono::milliseconds at_most) {
  ASSIGN_OR_RETURN(auto replies, pipeline({&arguments, 1}, at_most));
  return std::move(replies.front());
}

base::Result<std::vector<Reply>> Connection::pipeline(std::span<const Arguments> commands,
                                                      std::chrono::milliseconds at_most) {
  if (stream_ && stream_->is_stale()) close();
  if (!stream_) RETURN_IF_ERROR(connect());
  const Deadline deadline = steady_clock::now() + at_most;
  std::string bytes;
  for (const Arguments& arguments : commands) bytes += encoded(arguments);
  if (auto sent = stream_->write(bytes, deadline); !sent)
    return std::unexpected(lost({ErrorKind::unknown_fate, sent.error().message}));
  std::vector<Reply> replies;
  std::optional<base::Error> refused;
  for (std::size_t i = 0; i < commands.size() && stream_; ++i) {
    auto reply = read_reply(deadline);
    if (reply)
      replies.push_back(*std::move(reply));
    else if (!refused)
      refused = reply.error();
  }
  if (!refused) return replies;
  if (needs_new_connection(*refused)) close();
  const bool answer_lost = refused->kind == ErrorKind::unreachable && refused->service_code.empty();
  if (answer_lost) refused->kind = ErrorKind::unknown_fate;
  return std::unexpected(*std::move(refused));
}

}  // namespace queue
