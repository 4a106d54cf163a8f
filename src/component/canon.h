// Canonical definitions: how component functions are lifted and lowered, and the built-ins
// (component model, "Binary": "Canonical Definitions").
#pragma once

#include "component/component.h"
#include "wasm/reader.h"

namespace ferry::component {

// One entry of a canon section, put into `out`: a lifted function, or a core function. Fails with
// kUnsupported for what cannot be lowered: threads, error contexts, garbage-collected values.
Status read_canon(wasm::Reader& reader, Component& out);

}  // namespace ferry::component
