#include "commands/common_options.h"

#include <CLI/CLI.hpp>

#include "commands/parsed_option.h"
#include "platforms/list.h"

namespace ferry::commands {
void declare_warm(CLI::App& app, CommonOptions& options) {
  app.add_option("--warm", options.warm,
                 "File with an event's data: a snapshot starts from the state after it, in place "
                 "of [function] warm (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void declare_common(CLI::App& app, CommonOptions& options) {
  options.sections = platforms::manifest_sections();
  app.add_option("--engine", options.engine,
                 "Engine that runs it, with an optional variant: wasmtime, wasmer:singlepass "
                 "(see 'ferry engines')")
      ->type_name("NAME");
  app.add_option("--manifest", options.manifest, "ferry.toml to use in place of the one beside it")
      ->type_name("FILE");
  add_parsed(app, "--timeout", function::parse_duration, options.timeout,
             "Longest time for one event, for example 500ms or 2s", "TIME");
  add_parsed(app, "--memory", function::parse_size, options.memory,
             "Most linear memory for one event, for example 64MiB", "SIZE");
  app.add_option("--env", options.env,
                 "Environment variable for the function; K=@FILE: its value is in the file, and "
                 "nobody sees it in the list of processes (repeatable)")
      ->type_name("K=V")
      ->allow_extra_args(false);
  app.add_option("--env-file", options.env_files,
                 "File of NAME=VALUE lines for the function's environment (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--dir", options.dirs, "Folder to grant: HOST::GUEST, HOST::GUEST:ro (repeatable)")
      ->type_name("HOST::GUEST[:ro]")
      ->allow_extra_args(false);
  app.add_option("--connect", options.connect,
                 "Where the function may connect to: HOST:PORT, *.DOMAIN:PORT, ADDRESS/BITS:PORT "
                 "(repeatable)")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false);
  app.add_flag("--allow", options.allow,
               "Allow what the function's ferry.toml asks for outside of its own folder; "
               "remembered until the file or the function changes");
  app.add_flag("--quiet,-q", options.quiet, "Print errors only");
}

}  // namespace ferry::commands
