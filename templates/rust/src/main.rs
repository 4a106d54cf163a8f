//! @NAME@ answers one event: its data comes on standard input, the reply goes to standard output,
//! the log to standard error. An exit status other than 0 is a failed event.

use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut data = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut data) {
        eprintln!("@NAME@: the event cannot be read: {error}");
        return ExitCode::FAILURE;
    }
    let Some(name) = find_name(&data) else {
        eprintln!("@NAME@: the event has no name");
        return ExitCode::FAILURE;
    };
    eprintln!("@NAME@: greeting {name}");
    print!("{{\"message\":\"Hello, {name}!\"}}");
    ExitCode::SUCCESS
}

/// The value of "name" in a JSON object whose strings have no escapes. For more than this, add the
/// crate serde_json.
fn find_name(json: &str) -> Option<&str> {
    let (_, rest) = json.split_once("\"name\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let end = rest.find(['"', '\\'])?;
    rest[end..].starts_with('"').then(|| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::find_name;

    #[test]
    fn finds_the_name() {
        assert_eq!(find_name(r#"{"name":"Ada"}"#), Some("Ada"));
        assert_eq!(find_name(r#"{ "id": 1, "name" : "Bo" }"#), Some("Bo"));
    }

    #[test]
    fn refuses_what_has_none() {
        for json in ["", "not JSON", r#"{"name":7}"#, r#"{"name":"cut"#] {
            assert_eq!(find_name(json), None, "{json}");
        }
    }
}
