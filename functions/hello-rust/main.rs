//! hello in Rust: {"name":"Ada"} on standard input is answered {"message":"Hello, Ada!"}.
//! The contract is in ../README.md; the log goes to standard error. No crate but std.

mod json;

use std::io::{self, Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match greet() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            log(&format!("refusing: {why}"));
            ExitCode::FAILURE
        }
    }
}

fn greet() -> Result<(), &'static str> {
    let mut data = Vec::new();
    io::stdin()
        .read_to_end(&mut data)
        .map_err(|_| "the event cannot be read")?;
    let mut name = String::new();
    if !data.is_empty() {
        name = json::find_string(&data, "name").map_err(|error| match error {
            json::Error::Invalid => "the event is not valid JSON",
            json::Error::NotObject => "the event is not a JSON object",
            json::Error::NotString => "the event's name is not a string",
        })?;
    }
    // The name comes from a stranger: escaped, it cannot forge a second log line.
    let who = json::escaped(if name.is_empty() { "world" } else { &name });
    log(&format!("greeting {who}"));
    let reply = format!("{{\"message\":\"Hello, {who}!\"}}");
    let mut out = io::stdout().lock();
    out.write_all(reply.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|_| "the reply cannot be written")
}

/// One line in one write; a log that cannot be written is no reason to fail.
fn log(text: &str) {
    let _ = io::stderr().write_all(format!("hello: {text}\n").as_bytes());
}
