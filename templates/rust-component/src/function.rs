//! @NAME@ answers HTTP requests: `handle` gets one and returns the response. What goes to standard
//! error is the log. `cargo test` runs it without WebAssembly.

#[derive(Default)]
#[allow(dead_code)] // the template looks at the body alone
pub struct Request {
    pub method: String,
    pub path: String, // with the query
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Debug, PartialEq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Default for Response {
    fn default() -> Self {
        Response { status: 200, headers: Vec::new(), body: Vec::new() }
    }
}

pub fn handle(request: &Request) -> Response {
    let data = String::from_utf8_lossy(&request.body);
    let Some(name) = find_name(&data) else {
        eprintln!("@NAME@: the event is not valid JSON");
        return json(400, "{\"error\":\"the event is not valid JSON\"}".into());
    };
    eprintln!("@NAME@: greeting {name}");
    json(200, format!("{{\"message\":\"Hello, {name}!\"}}"))
}

fn json(status: u16, body: String) -> Response {
    Response {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.into(),
    }
}

/// The value of "name" in a JSON object whose strings have no escapes, or "world". For more than
/// this, add the crate serde_json.
fn find_name(json: &str) -> Option<&str> {
    if !json.trim_start().starts_with('{') {
        return None;
    }
    let Some((_, rest)) = json.split_once("\"name\"") else {
        return Some("world");
    };
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let end = rest.find(['"', '\\'])?;
    rest[end..].starts_with('"').then(|| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::{handle, Request};

    fn send(body: &str) -> (u16, String) {
        let response = handle(&Request { body: body.into(), ..Request::default() });
        (response.status, String::from_utf8(response.body).unwrap())
    }

    #[test]
    fn greets() {
        assert_eq!(send(r#"{"name":"Ada"}"#), (200, r#"{"message":"Hello, Ada!"}"#.into()));
        assert_eq!(send("{}"), (200, r#"{"message":"Hello, world!"}"#.into()));
    }

    #[test]
    fn refuses_what_is_no_object() {
        assert_eq!(send("not JSON").0, 400);
        assert_eq!(send(r#"{"name":7}"#).0, 400);
    }
}
