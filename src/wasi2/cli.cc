// wasi:cli. stdio is memory and no terminal.
#include "wasi/functions.h"
#include "wasi2/calls.h"
#include "wasi2/channel.h"

namespace ferry::wasi2 {
namespace {

void stop_with(S& s, u32 code) {
  s.p1.stop = wasi::Stop::kExit;
  s.p1.exit_code = code;
  s.stopped = true;
}

// UTF-8 is all that a string can hold; an environment may hold anything.
std::string_view text_or_nothing(std::string_view text) { return is_utf8(text) ? text : ""; }

// future<result<_, error-code>>: how the host took the stream.
u32 write_stream_to(S& s, G g, u32 stream, OutputStream::To to) {
  const u32 channel = take_readable(s, stream, false);
  const u32 taken = channel != kNone ? add_promise(s, {.type = Promise::Type::kCli}) : kNone;
  if (taken == kNone) return 0;
  read_into(s, g, channel, {.to = to}, taken);
  return give_readable(s, taken);
}

}  // namespace

void get_environment(S& s, G g, u32 ret) {
  if (!begin(s, g, ret, 8, 4)) return;
  s.p1.drawn.environ = true;
  const auto& environ = wasi::lists_of(s.p1).environ;
  const u32 at = s.results.list(0, static_cast<u32>(environ.size()), 16, 4);
  for (u32 i = 0; i < environ.size(); ++i) {
    const std::string_view entry = text_or_nothing(environ[i]);
    const std::size_t equals = std::min(entry.find('='), entry.size());
    put_text(s, at + 16 * i, entry.substr(0, equals));
    put_text(s, at + 16 * i + 8, entry.substr(std::min(equals + 1, entry.size())));
  }
}

void get_arguments(S& s, G g, u32 ret) {
  if (!begin(s, g, ret, 8, 4)) return;
  s.p1.drawn.args = true;
  const auto& args = wasi::lists_of(s.p1).args;
  const u32 at = s.results.list(0, static_cast<u32>(args.size()), 8, 4);
  for (u32 i = 0; i < args.size(); ++i) put_text(s, at + 8 * i, text_or_nothing(args[i]));
}

void initial_cwd(S& s, G g, u32 ret) { begin(s, g, ret, 12, 4); }  // none

void cli_exit(S& s, G /*g*/, u32 status) {
  if (check_case(s, status, 2)) stop_with(s, status);
}

void cli_exit_with_code(S& s, G /*g*/, u32 code) { stop_with(s, code & 0xff); }

u32 get_stdin(S& s, G /*g*/) { return make(s, InputStream{InputStream::From::kStdin}); }

u32 get_stdout(S& s, G /*g*/) { return make(s, OutputStream{OutputStream::To::kStdout}); }

u32 get_stderr(S& s, G /*g*/) { return make(s, OutputStream{OutputStream::To::kStderr}); }

// tuple<stream<u8>, future<result<_, error-code>>>, of 8 bytes.
void stdin_read_via_stream(S& s, G g, u32 ret) {
  if (!begin(s, g, ret, 8, 4)) return;
  const u32 outcome = add_promise(s, {.type = Promise::Type::kCli});
  s.results.put(0, give_readable(s, add_source(s, {.from = InputStream::From::kStdin}, outcome)));
  s.results.put(4, give_readable(s, outcome));
}

u32 stdout_write_via_stream(S& s, G g, u32 stream) {
  return write_stream_to(s, g, stream, OutputStream::To::kStdout);
}
u32 stderr_write_via_stream(S& s, G g, u32 stream) {
  return write_stream_to(s, g, stream, OutputStream::To::kStderr);
}

void get_terminal(S& s, G g, u32 ret) { begin(s, g, ret, 8, 4); }  // none

}  // namespace ferry::wasi2
