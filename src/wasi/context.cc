#include "wasi/context.h"

#include "wasi/socket_io.h"
#include "wasi/state.h"

namespace ferry::wasi {
namespace {

// More than most functions write: theirs stay, so that the next event makes none anew.
constexpr std::size_t kKeptBytes = 64u << 10;

template <typename Buffer>
void forget(Buffer& buffer) {
  buffer.clear();
  if (buffer.capacity() * sizeof(typename Buffer::value_type) > kKeptBytes) Buffer().swap(buffer);
}

}  // namespace

Context::Context(const Clock& clock, Random& random)
    : state_(std::make_unique<State>(clock, random)) {
  state_->fds.reset(nullptr);
}

Context::~Context() = default;

void Context::reset(Setup setup) {
  State& s = *state_;
  s.setup = std::move(setup);
  s.clock = s.setup.clock != nullptr ? s.setup.clock : s.own_clock;
  s.random = s.setup.random != nullptr ? s.setup.random : s.own_random;
  s.fds.reset(s.setup.directories);
  if (s.setup.files != nullptr) s.fds.add_tree();
  s.sockets.reset();
  if (s.setup.network != nullptr) s.fds.add_network_folders();
  s.stdin_at = 0;
  forget(s.out);
  forget(s.err);
  s.err_dropped = 0;
  forget(s.log_chunks);
  forget(s.slices);
  forget(s.path);
  forget(s.second_path);
  s.stop = Stop::kNone;
  s.exit_code = 0;
  s.drawn = Drawn{};
  s.denial.reset();
}

void Context::end_network() {
  State& s = *state_;
  if (s.sockets == nullptr) return;
  s.fds.for_each_socket([&](u32 fd) { end_socket(s, fd); });
}

const std::vector<ConnectionRecord>& Context::connections() const {
  static const std::vector<ConnectionRecord> kNone;
  return state_->sockets == nullptr ? kNone : state_->sockets->records;
}

Stop Context::stop() const { return state_->stop; }
std::uint32_t Context::exit_code() const { return state_->exit_code; }
const std::string& Context::out() const { return state_->out; }
const std::string& Context::err() const { return state_->err; }
const std::vector<LogChunk>& Context::log_chunks() const { return state_->log_chunks; }
std::uint64_t Context::err_dropped() const { return state_->err_dropped; }
std::uint32_t Context::opened() const { return state_->fds.opened(); }
const Drawn& Context::drawn() const { return state_->drawn; }
const std::optional<Error>& Context::denial() const { return state_->denial; }

void Context::on_first_read(ReadHook hook, void* user) {
  state_->read_hook = hook;
  state_->read_hook_user = user;
}

Errno need(Context::State& state, std::uint32_t fd, std::uint64_t right, Entry*& entry) {
  entry = state.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  return (entry->base & right) == right ? Errno::kSuccess : Errno::kNotcapable;
}

std::uint8_t* bounce(Context::State& state) {
  if (state.bounce.empty()) state.bounce.resize(kBounceBytes);
  return state.bounce.data();
}

void deny(Context::State& state, std::string message, std::string hint) {
  state.denial = Error{Code::kDenied, std::move(message), std::move(hint)};
}

}  // namespace ferry::wasi
