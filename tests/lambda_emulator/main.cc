// The emulator as a program, for tests/lambda/run.py: prints its address, then reads from stdin a
// line of JSON an invocation, {"payload": TEXT, "timeout_ms": N, "trace": TEXT, "stream": BOOL},
// and answers each with one line, {"end": …, "body": TEXT, "error_type": TEXT, "content_type": TEXT
// of a streamed answer, "late_error": TEXT, "violations": […]}. Invocations with "at_once": N are
// sent N times at the same moment, and answered by N lines. {"reset": true} is not an invocation:
// the runtime was killed, another comes; the line "reset" answers it.
#include <cstdio>
#include <iostream>
#include <string>

#include "platforms/json_view.h"
#include "platforms/lambda/emulator/emulator.h"

namespace {

using namespace ferry;
using namespace ferry::platforms::lambda;
using ferry::platforms::JsonView;

const char* name_of(Invoked::End end) {
  switch (end) {
    case Invoked::End::kResponse:
      return "response";
    case Invoked::End::kError:
      return "error";
    case Invoked::End::kTimeout:
      return "timeout";
    case Invoked::End::kGone:
      return "gone";
  }
  return "";
}

void print(const Invoked& invoked, const RuntimeEmulator& emulator) {
  std::string out = "{\"end\":\"" + std::string(name_of(invoked.end)) + "\",\"body\":";
  event::append_json_string(out, invoked.body);
  out += ",\"error_type\":";
  event::append_json_string(out, invoked.error_type);
  out += ",\"content_type\":";
  event::append_json_string(out, invoked.content_type);
  out += ",\"late_error\":";
  event::append_json_string(out, invoked.late_error);
  out += ",\"init_error\":";
  event::append_json_string(out, emulator.init_error());
  out += ",\"violations\":[";
  bool first = true;
  for (const std::string& violation : emulator.violations()) {
    out += first ? "" : ",";
    first = false;
    event::append_json_string(out, violation);
  }
  std::cout << out << "]}" << std::endl;
}

unsigned number(JsonView value, unsigned otherwise) {
  auto text = value.scalar();
  return text ? static_cast<unsigned>(std::stoul(*text)) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  auto emulator = RuntimeEmulator::start(argc > 1 ? static_cast<unsigned>(std::stoul(argv[1])) : 1);
  if (!emulator.ok()) {
    std::fprintf(stderr, "%s\n", emulator.error().text().c_str());
    return 1;
  }
  std::cout << (*emulator)->address() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    JsonView json(line);
    if (json.member("reset").is_true()) {
      (*emulator)->reset();
      std::cout << "reset" << std::endl;
      continue;
    }
    InvokeCall call;
    call.payload = json.member("payload").scalar().value_or("");
    call.timeout = std::chrono::milliseconds(number(json.member("timeout_ms"), 10'000));
    call.stream = json.member("stream").is_true();
    call.trace_id = json.member("trace").scalar().value_or("");
    std::vector<Invoked> done(number(json.member("at_once"), 1));
    {
      std::vector<std::jthread> callers;
      callers.reserve(done.size());
      for (Invoked& each : done) {
        callers.emplace_back([&] { each = (*emulator)->invoke(call); });
      }
    }
    for (const Invoked& each : done) {
      print(each, **emulator);
    }
  }
  return 0;
}
