// Plug-ins for programs that serve each build by a new process (ferry dev).
#pragma once

#include <string_view>

namespace ferry::engine {

// Opens an engine's plug-in and makes no engine, so that processes that are forked from now on find
// it open: its relocations take longer than making the engine. `name`: as load_engine() takes it.
// Where there is none nothing happens: load_engine() says so. It stays open for good. Before there
// is another thread.
void open_ahead(std::string_view name);

}  // namespace ferry::engine
