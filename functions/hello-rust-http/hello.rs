//! hello as a component: answers HTTP requests through wasi:http, in place of events on standard
//! input. {"name":"Ada"} in the body is answered {"message":"Hello, Ada!"}; what hello refuses gets
//! status 400. The contract is in ../README.md.
#[path = "../hello-rust/json.rs"]
mod json;

use std::io::{Read, Write};

use wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

wasi::http::proxy::export!(Hello);

struct Hello;

impl wasi::exports::http::incoming_handler::Guest for Hello {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let (status, reply) = match greet(request) {
            Ok(reply) => (200, reply),
            Err(why) => {
                eprintln!("hello: refusing: {why}");
                (400, format!("{{\"error\":\"{why}\"}}"))
            }
        };
        let headers = Fields::new();
        headers
            .set("content-type", &[b"application/json".to_vec()])
            .expect("a header");
        let response = OutgoingResponse::new(headers);
        response.set_status_code(status).expect("a status");
        let body = response.body().expect("the body");
        ResponseOutparam::set(out, Ok(response));
        let mut stream = body.write().expect("the body's stream");
        stream.write_all(reply.as_bytes()).expect("writing the reply");
        stream.flush().expect("sending the reply");
        drop(stream);
        OutgoingBody::finish(body, None).expect("the end of the reply");
    }
}

fn greet(request: IncomingRequest) -> Result<String, &'static str> {
    let body = request.consume().map_err(|()| "the event cannot be read")?;
    let mut data = Vec::new();
    body.stream()
        .map_err(|()| "the event cannot be read")?
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
    let who = json::escaped(if name.is_empty() { "world" } else { &name });
    eprintln!("hello: greeting {who}");
    Ok(format!("{{\"message\":\"Hello, {who}!\"}}"))
}
