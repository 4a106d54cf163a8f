//! @NAME@ answers @WHAT@: its data come on standard input, the reply goes to
//! standard output, the log to standard error. An exit status other than 0 is a failed event.

use std::io::Read;
use std::process::ExitCode;

use serde_json::{json, Value};

fn main() -> ExitCode {
    let mut data = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut data) {
        eprintln!("@NAME@: the event cannot be read: {error}");
        return ExitCode::FAILURE;
    }
    match handle(&data) {
        Ok(found) => {
            eprintln!("@NAME@: @WHAT@: {found}");
            print!("{found}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("@NAME@: {message}");
            ExitCode::FAILURE
        }
    }
}

fn handle(data: &[u8]) -> Result<Value, String> {
    let event: Value =
        serde_json::from_slice(data).map_err(|e| format!("the event is not valid JSON: {e}"))?;
    let found = json!({
@RUST_VALUES@    });
    if !found["@FIRST@"].is_string() {
        return Err("the event is not @WHAT@".into());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::handle;

    #[test]
    fn answers() {
        let found = handle(br#"@EXAMPLE@"#).unwrap();
        assert_eq!(found.to_string(), r#"@REPLY@"#);
    }

    #[test]
    fn refuses_all_else() {
        for data in ["not JSON", "{}", "[]", "7"] {
            assert!(handle(data.as_bytes()).is_err(), "{data}");
        }
    }
}
