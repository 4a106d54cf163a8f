// Sends EVENTS events of many kinds to `ferry serve`, hostile ones among them, each with a nonce of
// its own, and reads the server's log from standard input at the same time. No event may ever meet
// another one's reply, and no line of the log another one's invocation.
//
//   ferry serve … 2>&1 | bench_soak PORT EVENTS CONNECTIONS SEED
//
// prints {"events":…,"wrong":…,"mixed":…,"missing":…,…}: answers that were not the right ones,
// lines of the log that are not of the event that they claim, events of which lines did not come.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

namespace {

using ferry::Fd;

struct Kind {
  std::string_view function;  // its path, and its name in the log
  std::string_view action;    // of bench/soak_guest.c; empty: a greeting
  unsigned weight;            // of 100,000
  int status;
  unsigned lines;  // with the nonce
  bool noted;      // a line of the server's own about its end comes after them
};

constexpr std::array kKinds{
    Kind{"hello-c", "", 40'000, 200, 1, false},  Kind{"hello-rust", "", 15'000, 200, 1, false},
    Kind{"hello-go", "", 10'000, 200, 1, false}, Kind{"soak", "reply", 15'299, 200, 1, false},
    Kind{"soak", "log", 2'000, 200, 51, false},  Kind{"soak", "exit", 5'000, 500, 1, true},
    Kind{"soak", "trap", 5'000, 500, 1, true},   Kind{"soak", "wild", 4'000, 500, 1, true},
    Kind{"soak", "stack", 1'000, 500, 1, true},  Kind{"soak", "memory", 200, 500, 1, true},
    Kind{"soak", "output", 1'500, 502, 1, true}, Kind{"soak", "flood", 1'000, 200, 1, true},
    Kind{"endless", "loop", 1, 504, 1, true},
};

// "%016x-%016x": the event's number, and what nobody else has.
constexpr std::size_t kNonceSize = 33;
constexpr std::size_t kInvocationSize = 36;
constexpr std::chrono::seconds kPatience{60};  // for an answer, or a line of the log

struct Event {
  const Kind* kind = nullptr;
  std::string nonce;
  std::string invocation;  // once the reply or a line of the log has said it
  unsigned lines = 0;
  bool replied = false;
  bool noted = false;

  bool complete() const { return replied && lines == kind->lines && (noted || !kind->noted); }
};

class Soak {
 public:
  Soak(std::uint16_t port, std::uint64_t events, std::uint64_t seed)
      : port_(port), events_(events), random_(seed) {}

  void run(std::size_t connections);
  void print(double seconds) const;
  bool good() const { return wrong_ == 0 && mixed_ == 0 && open_.empty(); }

 private:
  struct Connection {
    Fd fd;
    std::uint64_t event = 0;
    bool asked = false;
    std::string answer;
  };

  void connect(Connection& connection) const;
  void ask(Connection& connection);
  void read_answer(Connection& connection);
  void take_answer(std::uint64_t number, std::string_view head, std::string_view body);
  bool read_log();
  void take_line(std::string_view line);
  void finish(std::uint64_t number);
  bool belongs(std::uint64_t number, std::string_view invocation);
  void complain(std::uint64_t& count, std::string_view what, std::string_view text) const;

  std::uint16_t port_;
  std::uint64_t events_;
  std::mt19937_64 random_;
  std::uint64_t asked_ = 0;
  std::uint64_t wrong_ = 0;
  std::uint64_t mixed_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t hostile_ = 0;
  std::unordered_map<std::uint64_t, Event> open_;               // what is not complete, by number
  std::unordered_map<std::string, std::uint64_t> invocations_;  // of these
  std::string log_;                                             // the beginning of a line
};

const Kind& draw(std::mt19937_64& random) {
  static const unsigned total = [] {
    unsigned sum = 0;
    for (const Kind& kind : kKinds) sum += kind.weight;
    return sum;
  }();
  auto left = static_cast<unsigned>(random() % total);
  for (const Kind& kind : kKinds) {
    if (left < kind.weight) return kind;
    left -= kind.weight;
  }
  return kKinds[0];
}

// The number of the first nonce in the text, and where it stands.
struct Found {
  std::uint64_t number = 0;
  std::size_t at = std::string_view::npos;
};
Found find_nonce(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  for (std::size_t dash = text.find('-', 16); dash != std::string_view::npos;
       dash = text.find('-', dash + 1)) {
    const std::size_t at = dash - 16;
    if (text.size() - at < kNonceSize) break;
    const std::string_view nonce = text.substr(at, kNonceSize);
    if (std::ranges::all_of(nonce.substr(0, 16), is_hex) &&
        std::ranges::all_of(nonce.substr(17), is_hex)) {
      return {std::strtoull(std::string(nonce.substr(0, 16)).c_str(), nullptr, 16), at};
    }
  }
  return {};
}

// One mistake shows what went wrong, a thousand of them no more.
void Soak::complain(std::uint64_t& count, std::string_view what, std::string_view text) const {
  if (count++ < 10) fmt::print(stderr, "bench_soak: {}: {}\n", what, text.substr(0, 300));
}

void Soak::connect(Connection& connection) const {
  connection.fd = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(connection.fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("bench_soak: connect");
    std::exit(1);
  }
}

void Soak::ask(Connection& connection) {
  connection.asked = asked_ < events_;
  if (!connection.asked) return;
  connection.event = asked_++;
  Event& event = open_[connection.event];
  event.kind = &draw(random_);
  hostile_ += event.kind->noted ? 1 : 0;
  event.nonce = fmt::format("{:016x}-{:016x}", connection.event, random_());
  const std::string body =
      event.kind->action.empty()
          ? fmt::format(R"({{"name":"{}"}})", event.nonce)
          : fmt::format(R"({{"do":"{}","name":"{}"}})", event.kind->action, event.nonce);
  const std::string request = fmt::format(
      "POST /{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      event.kind->function, body.size(), body);
  connection.answer.clear();
  if (send(connection.fd.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    complain(wrong_, "not sent", body);
  }
}

void Soak::read_answer(Connection& connection) {
  std::array<char, 16384> part;
  const ssize_t size = recv(connection.fd.get(), part.data(), part.size(), 0);
  if (size <= 0) {
    complain(wrong_, "no answer to", open_[connection.event].nonce);
    connect(connection);
    return ask(connection);
  }
  std::string& answer = connection.answer;
  answer.append(part.data(), static_cast<std::size_t>(size));
  const std::size_t head = answer.find("\r\n\r\n");
  if (head == std::string::npos) return;
  const std::size_t length_at = answer.find("Content-Length: ");
  const std::size_t length =
      length_at < head ? std::strtoull(answer.c_str() + length_at + 16, nullptr, 10) : 0;
  if (answer.size() < head + 4 + length) return;
  take_answer(connection.event, std::string_view(answer).substr(0, head + 2),
              std::string_view(answer).substr(head + 4));
  ask(connection);
}

void Soak::take_answer(std::uint64_t number, std::string_view head, std::string_view body) {
  constexpr std::string_view kName = "\r\nferry-invocation: ";
  Event& event = open_[number];
  event.replied = true;
  const int status =
      std::atoi(std::string(head.substr(std::min<std::size_t>(9, head.size()), 3)).c_str());
  bool right = status == event.kind->status;
  if (status == 200) {
    right &= body == (event.kind->action.empty()
                          ? fmt::format(R"({{"message":"Hello, {}!"}})", event.nonce)
                          : fmt::format(R"({{"soak":"{}"}})", event.nonce));
  } else {
    right &= find_nonce(body).at == std::string_view::npos;  // nothing of what it had written
  }
  const std::size_t at = head.find(kName);
  if (!right || at == std::string_view::npos) {
    complain(wrong_, fmt::format("{} {} got", event.kind->function, event.kind->action),
             fmt::format("{}{}", head, body));
  } else if (!belongs(number, head.substr(at + kName.size(), kInvocationSize))) {
    complain(wrong_, "another's invocation", head);
  }
  finish(number);
}

// Whether the event and the invocation are each other's, as far as is known until now.
bool Soak::belongs(std::uint64_t number, std::string_view invocation) {
  Event& event = open_[number];
  if (event.invocation.empty()) {
    event.invocation = invocation;
    return invocations_.emplace(event.invocation, number).second;
  }
  return event.invocation == invocation;
}

void Soak::finish(std::uint64_t number) {
  const auto found = open_.find(number);
  if (!found->second.complete()) return;
  invocations_.erase(found->second.invocation);
  open_.erase(found);
}

// TIME FUNCTION INVOCATION DIGEST TEXT; or what the server says of itself, which is passed on.
void Soak::take_line(std::string_view line) {
  std::array<std::string_view, 4> words;
  std::string_view text = line;
  for (std::string_view& word : words) {
    const std::size_t space = std::min(text.find(' '), text.size());
    word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  const std::string_view function = words[1];
  const std::string_view invocation = words[2];
  if (invocation.size() != kInvocationSize || !words[3].starts_with("sha256:")) {
    fmt::print(stderr, "{}\n", line);
    return;
  }
  ++lines_;
  const Found found = find_nonce(text);
  if (found.at == std::string_view::npos) {
    const auto of = invocations_.find(std::string(invocation));
    if (of == invocations_.end() || !open_[of->second].kind->noted ||
        open_[of->second].kind->function != function) {
      return complain(mixed_, "of no event that is known", line);
    }
    Event& event = open_[of->second];
    const bool cut = text.starts_with("the log was cut");
    event.noted |= event.kind->status == 200
                       ? cut
                       : text.find(": ") != std::string_view::npos && !text.starts_with(" ");
    return finish(of->second);
  }
  const auto of = open_.find(found.number);
  const std::string_view nonce = text.substr(found.at, kNonceSize);
  if (of == open_.end() || of->second.nonce != nonce || of->second.kind->function != function ||
      find_nonce(text.substr(found.at + kNonceSize)).at != std::string_view::npos ||
      !belongs(found.number, invocation)) {
    return complain(mixed_, "mixed", line);
  }
  ++of->second.lines;
  finish(found.number);
}

// False at its end.
bool Soak::read_log() {
  std::array<char, 1 << 16> part;
  const ssize_t size = read(STDIN_FILENO, part.data(), part.size());
  if (size <= 0) return false;
  log_.append(part.data(), static_cast<std::size_t>(size));
  std::size_t from = 0;
  for (std::size_t end = 0; (end = log_.find('\n', from)) != std::string::npos; from = end + 1) {
    take_line(std::string_view(log_).substr(from, end - from));
  }
  log_.erase(0, from);
  return true;
}

void Soak::run(std::size_t connections) {
  std::vector<Connection> all(connections);
  std::vector<pollfd> watched;
  for (Connection& each : all) {
    connect(each);
    ask(each);
    watched.push_back({each.fd.get(), POLLIN, 0});
  }
  watched.push_back({STDIN_FILENO, POLLIN, 0});
  const auto is_asked = [](const Connection& each) { return each.asked; };
  // Afterwards what is left of the log, as long as something is missing and more comes.
  while (std::ranges::any_of(all, is_asked) || !open_.empty()) {
    const int patience =
        std::ranges::any_of(all, is_asked) ? 1000 * static_cast<int>(kPatience.count()) : 5000;
    if (poll(watched.data(), watched.size(), patience) <= 0) break;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].asked && watched[i].revents != 0) read_answer(all[i]);
      watched[i].fd = all[i].asked ? all[i].fd.get() : -1;
    }
    if (watched.back().revents != 0 && !read_log()) break;
  }
  for (const Connection& each : all) {
    if (each.asked) complain(wrong_, "no answer to", open_[each.event].nonce);
  }
}

void Soak::print(double seconds) const {
  std::uint64_t shown = 0;
  for (const auto& [number, event] : open_) {
    complain(shown, "lines are missing of",
             fmt::format("{} {} {}", event.kind->function, event.kind->action, event.nonce));
  }
  fmt::print(
      R"({{"events":{},"hostile":{},"wrong":{},"mixed":{},"missing":{},"lines":{},"seconds":{:.3f}}})"
      "\n",
      asked_, hostile_, wrong_, mixed_, open_.size(), lines_, seconds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: bench_soak PORT EVENTS CONNECTIONS SEED <LOG\n");
    return 2;
  }
  Soak soak(static_cast<std::uint16_t>(std::atoi(argv[1])), std::strtoull(argv[2], nullptr, 10),
            std::strtoull(argv[4], nullptr, 10));
  const auto from = std::chrono::steady_clock::now();
  soak.run(std::strtoull(argv[3], nullptr, 10));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
  soak.print(took.count());
  return soak.good() ? 0 : 1;
}
