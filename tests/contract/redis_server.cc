#include "redis_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace contract {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool listens(std::uint16_t port) {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  return connected;
}

}  // namespace

std::uint16_t free_port() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(probe, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    std::abort();
  close(probe);
  return ntohs(address.sin_port);
}

RedisServer::RedisServer(std::vector<std::string> more, const std::string& settings)
    : more_(std::move(more)), has_settings_(!settings.empty()), port_(free_port()) {
  folder_ = std::filesystem::temp_directory_path() /
            ("lockstep_redis_" + std::to_string(getpid()) + "_" + std::to_string(port_));
  std::filesystem::create_directories(folder_);
  if (has_settings_) std::ofstream{folder_ + "/settings"} << settings;
  start();
}

RedisServer::~RedisServer() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void RedisServer::start() {
  std::vector<std::string> words = {
      "redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1", "--dir",         folder_,
      "--save",       "",       "--appendonly",        "no",     "--logfile", folder_ + "/log"};
  if (has_settings_) words.insert(words.begin() + 1, folder_ + "/settings");
  words.insert(words.end(), more_.begin(), more_.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  process_ = fork();
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  for (int tries = 0; tries < 500 && !listens(port_); ++tries) {
    if (waitpid(process_, nullptr, WNOHANG) != 0) {
      std::fprintf(stderr, "redis-server did not start; see scripts/install\n");
      std::abort();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

void RedisServer::stop() {
  if (process_ <= 0) return;
  kill(process_, SIGCONT);
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

void RedisServer::freeze() {
  kill(process_, SIGSTOP);
}
void RedisServer::thaw() {
  kill(process_, SIGCONT);
}

}  // namespace contract
