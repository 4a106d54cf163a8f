// A recorded event as a case: its outcome then is expected everywhere.
#pragma once

#include <string>

#include "capsule/capsule.h"
#include "verify/case.h"

namespace ferry::verify {

// The outcome is expected; the reply as well, where nothing that it was made from is left out of
// the capsule or is different each time (the clock, randomness).
Case case_of(const capsule::Capsule& capsule, std::string name);

}  // namespace ferry::verify
