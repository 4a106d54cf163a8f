// The pair of modules that wit-component puts between a module and what it imports, taken away.
//
// Functions that need the memory of a module that does not exist yet are imported from a "shim",
// whose functions call through a table; a "fixup" fills the table once everything is there. In one
// module nothing has to wait: what a shim's function calls is known.
#pragma once

#include "component/graph.h"

namespace ferry::component {

// Marks such pairs as dissolved and turns every reference to a function of the shim to what the
// fixup put into its table. A shim that does anything else, and a table that others see, stay.
// The start function of a dissolved fixup stays to be called.
void dissolve_shims(Graph& graph);

}  // namespace ferry::component
