#include "commands/pack_lambda.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "commands/verb.h"
#include "package/zip.h"

namespace ferry::commands {
namespace {

// Unzipped, all layers and the function together (Lambda quotas).
constexpr std::uint64_t kMaxUnzipped = 250ull << 20;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

// Lambda wants whole seconds and megabytes. Its own limits stand a little above the function's, so
// that a function which runs into one is answered for, and not cut off.
std::uint64_t lambda_seconds(const function::Limits& limits) {
  auto seconds =
      static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(limits.timeout).count());
  return std::clamp<std::uint64_t>(seconds + 1, 2, 900);
}
std::uint64_t lambda_megabytes(const function::Limits& limits) {
  constexpr std::uint64_t kOurs = 64;
  return std::clamp<std::uint64_t>((limits.memory >> 20) + kOurs, 128, 10'240);
}

// A logical id of CloudFormation: letters and digits.
std::string logical_id(std::string_view name) {
  std::string out;
  bool upper = true;
  for (char c : name) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9')) {
      out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
      upper = false;
    } else {
      upper = true;
    }
  }
  return out + "Function";
}

// As a YAML scalar: a JSON string is one.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + '"';
}

std::string template_of(const Packed& packed) {
  const function::Function& function = packed.function;
  const function::Limits& limits = function.manifest.limits;
  return fmt::format(
      R"(# Written by ferry pack --for lambda. `sam deploy --guided` puts it into an account.
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: {description}
Resources:
  FerryRuntime:
    Type: AWS::Serverless::LayerVersion
    Properties:
      Description: {engine}
      ContentUri: runtime-layer.zip
      CompatibleRuntimes: [provided.al2023]
      CompatibleArchitectures: [x86_64]
  FerryFunction:
    Type: AWS::Serverless::LayerVersion
    Properties:
      Description: {digest}
      ContentUri: function-layer.zip
      CompatibleRuntimes: [provided.al2023]
      CompatibleArchitectures: [x86_64]
  {id}:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Architectures: [x86_64]
      CodeUri: function.zip
      Handler: {handler}
      Layers: [!Ref FerryRuntime, !Ref FerryFunction]
      Timeout: {seconds}
      MemorySize: {megabytes}
      # An event source of SQS, Kinesis or DynamoDB needs, or failed events are lost:
      #   FunctionResponseTypes: [ReportBatchItemFailures]
)",
      fmt::arg("description", quoted("The WebAssembly function " + function.name)),
      fmt::arg("engine", quoted("ferry-host, " + packed.engine)),
      fmt::arg("digest", quoted(function.name + " " + function.digest)),
      fmt::arg("id", logical_id(function.name)), fmt::arg("handler", quoted(function.name)),
      fmt::arg("seconds", lambda_seconds(limits)), fmt::arg("megabytes", lambda_megabytes(limits)));
}

// The code of the function itself: nothing, since layers hold it all; but Lambda wants some.
std::string read_me(const Packed& packed) {
  return fmt::format(
      "This function is {} ({}). Its runtime and its code are in the two layers;\n"
      "a bundle put beside this file would be served in place of the layer's.\n",
      packed.function.name, packed.function.digest);
}

Result<std::size_t> write_archive(const std::string& folder, const std::string& name,
                                  const std::vector<package::ZipEntry>& entries) {
  FERRY_TRY(Bytes zip, package::write_zip(entries));
  FERRY_CHECK_OK(write_into(folder, name, zip));
  return zip.size();
}

}  // namespace

Status pack_for_lambda(const PackOptions& options) {
  FERRY_TRY(const Packed packed, pack_function(options));
  FERRY_TRY(Bytes program, read_shipped("ferry-host"));
  if (program.size() + packed.bundle.size() > kMaxUnzipped) {
    return Error{Code::kLimit,
                 fmt::format("unzipped this is {}, and Lambda takes 250 MiB",
                             function::format_size(program.size() + packed.bundle.size())),
                 "ship it as an image: ferry pack --for image"};
  }
  const std::string& name = packed.function.name;
  FERRY_TRY(std::size_t runtime, write_archive(options.folder, "runtime-layer.zip",
                                               {{"bootstrap", std::move(program), 0755}}));
  FERRY_TRY(std::size_t function, write_archive(options.folder, "function-layer.zip",
                                                {{"ferry/" + name + ".ferry", packed.bundle, 0644},
                                                 {"ferry/ferry.pub", bytes_of(packed.key), 0644}}));
  FERRY_TRY(std::size_t code, write_archive(options.folder, "function.zip",
                                            {{"README.txt", bytes_of(read_me(packed)), 0644}}));
  FERRY_CHECK_OK(write_into(options.folder, "template.yaml", as_bytes(template_of(packed))));
  FERRY_CHECK_OK(write_mark(options, packed, "lambda"));
  if (!options.common.quiet) {
    fmt::print(stderr,
               "ferry: {0}: runtime-layer.zip {1}, function-layer.zip {2} ({3} {4}), function.zip "
               "{5}, template.yaml\n"
               "  sam deploy --guided --template-file {0}/template.yaml\n",
               options.folder, function::format_size(runtime), function::format_size(function),
               name, packed.function.digest, function::format_size(code));
  }
  return Done{};
}

}  // namespace ferry::commands
