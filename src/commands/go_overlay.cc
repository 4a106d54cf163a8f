#include "commands/go_overlay.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/child.h"
#include "base/digest.h"
#include "base/file.h"
#include "bundle/store.h"
#include "generated/go_dial.h"

namespace ferry::commands {
namespace {

constexpr std::size_t kMaxSource = 1u << 20;

// What `go env` says of a variable.
Result<std::string> go_variable(const std::string& name) {
  ChildBounds bounds;
  bounds.wall = std::chrono::seconds(60);
  FERRY_TRY(ChildEnd end, run_child("/bin/sh", {"sh", "-c", "exec go env " + name}, -1, bounds));
  std::string text(as_text(end.out));
  while (text.ends_with('\n')) text.pop_back();
  if (!end.fine() || text.empty()) {
    return Error{Code::kNotFound, "'go env " + name + "' gave no answer",
                 "install Go (https://go.dev/dl), and have `go` on the PATH"};
  }
  return text;
}

}  // namespace

Result<std::string> with_dial_hook(std::string_view net_fake) {
  constexpr std::string_view kSignature =
      "\nfunc socket(ctx context.Context, net string, family, sotype, proto int, ";
  const auto begin = net_fake.find(kSignature);
  const auto end = begin == std::string_view::npos ? begin : net_fake.find("{\n", begin);
  const bool named =
      end != std::string_view::npos &&
      net_fake.substr(begin, end - begin).find("laddr, raddr sockaddr") != std::string_view::npos;
  if (!named) {
    return Error{Code::kUnsupported, "this Go's net/net_fake.go has another shape than is known",
                 "Go 1.24 to 1.26 are; docs/network.md names ways without an overlay"};
  }
  std::string out(net_fake.substr(0, begin + 1));
  out +=
      "// dialOutside makes connections that leave this process; set where the host offers them.\n"
      "var dialOutside func(ctx context.Context, network string, family, sotype int, laddr, raddr "
      "sockaddr) (*netFD, error)\n\n";
  out += net_fake.substr(begin + 1, end + 2 - begin - 1);
  out +=
      "\tif raddr != nil && dialOutside != nil {\n"
      "\t\treturn dialOutside(ctx, net, family, sotype, laddr, raddr)\n"
      "\t}\n";
  out += net_fake.substr(end + 2);
  return out;
}

Result<std::string> make_go_overlay() {
  FERRY_TRY(const std::string root, go_variable("GOROOT"));
  const std::string fake = root + "/src/net/net_fake.go";
  FERRY_TRY(const Bytes source, read_file(fake, kMaxSource));
  FERRY_TRY(const std::string hooked, with_dial_hook(as_text(source)));
  FERRY_TRY(const auto store, bundle::Store::open({}));
  // By content: another Go, or another ferry, has a folder of its own.
  const std::string digest = digest_of(as_bytes(root + hooked + std::string(kGoDial)));
  const std::string folder = fmt::format("{}/go-{}", store.folder(), digest.substr(7, 16));
  FERRY_CHECK_OK(make_directories(folder, 0700));
  FERRY_CHECK_OK(write_file_atomically(folder + "/net_fake.go", as_bytes(hooked)));
  FERRY_CHECK_OK(write_file_atomically(folder + "/dial_wasip1.go", as_bytes(kGoDial)));
  const boost::json::value overlay{
      {"Replace",
       {{fake, folder + "/net_fake.go"},
        {root + "/src/net/dial_wasip1.go", folder + "/dial_wasip1.go"}}}};
  const std::string path = folder + "/overlay.json";
  FERRY_CHECK_OK(write_file_atomically(path, as_bytes(boost::json::serialize(overlay))));
  return path;
}

}  // namespace ferry::commands
