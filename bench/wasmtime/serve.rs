//! `wasmtime serve` and nothing else of the command line.
use clap::Parser;

fn main() -> wasmtime::Result<()> {
    wasmtime_cli::commands::ServeCommand::parse().execute()
}
