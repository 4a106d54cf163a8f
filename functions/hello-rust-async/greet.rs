//! What hello answers to the bytes that it is sent.
#[path = "../hello-rust/json.rs"]
mod json;

pub fn greet(data: &[u8]) -> Result<String, &'static str> {
    let mut name = String::new();
    if !data.is_empty() {
        name = json::find_string(data, "name").map_err(|error| match error {
            json::Error::Invalid => "the event is not valid JSON",
            json::Error::NotObject => "the event is not a JSON object",
            json::Error::NotString => "the event's name is not a string",
        })?;
    }
    let who = json::escaped(if name.is_empty() { "world" } else { &name });
    eprintln!("hello: greeting {who}");
    Ok(format!("{{\"message\":\"Hello, {who}!\"}}"))
}
