// AWS Lambda's control API (API reference, 2015-03-31 and 2018-10-31 for layers): layers published,
// functions created and updated, each only where what is there differs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "deploy/transport.h"
#include "platforms/lambda/deploy/aws_access.h"

namespace ferry::deploy {

struct LambdaLayer {
  std::string name;
  std::string description;
  Bytes zip;
  std::string architecture = "x86_64";  // or "arm64"
};

struct LambdaFunction {
  std::string name;     // in the account
  std::string handler;  // the function's name in the layer
  std::string description;
  int seconds = 3;
  int megabytes = 128;
  std::string role;  // ARN; wanted for a function that is not there yet
  Bytes zip;
  std::string architecture = "x86_64";  // or "arm64"
};

// What was done: "created", "updated", "unchanged".
struct LambdaDone {
  std::string arn;
  std::string done;
};

// Thread-safety: as the transport's. Transport and clock are borrowed.
class LambdaApi {
 public:
  LambdaApi(Transport& transport, AwsAccess access, const Clock& clock)
      : transport_(&transport), access_(std::move(access)), clock_(&clock) {}

  // The newest version if it has these bytes (unless `force`), else a new one.
  Result<LambdaDone> put_layer(const LambdaLayer& layer, bool force);
  // `layers`: ARNs, in the order they are unpacked in.
  Result<LambdaDone> put_function(const LambdaFunction& function,
                                  const std::vector<std::string>& layers, bool force);
  // Whether it was there.
  Result<bool> remove_function(const std::string& name);

  // For --dry-run: the calls as if nothing were there.
  std::string describe(const LambdaLayer& layer) const;
  std::string describe(const LambdaFunction& function) const;
  std::string describe_remove(const std::string& name) const;

 private:
  Request request(std::string_view method, std::string_view path, const std::string& body) const;
  Result<Response> call(const Request& request, std::string_view what);
  Status settle(const std::string& name);

  Transport* transport_;
  AwsAccess access_;
  const Clock* clock_;
};

// SHA-256 in base64, as Lambda says it of code ("CodeSha256").
std::string code_sha256(ByteView bytes);

}  // namespace ferry::deploy
