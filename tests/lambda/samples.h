// AWS's own sample events: those of the Go module aws-lambda-go, fetched by `go mod download` into
// Go's module cache, at one version whose content is pinned by its hash.
#pragma once

#include <string>

namespace ferry::test {

struct Samples {
  std::string folder;   // events/testdata; empty: they can't be had
  std::string why_not;  // then
};
const Samples& samples();

// The text of a file; "" when there is none.
std::string slurp(const std::string& path);

}  // namespace ferry::test
