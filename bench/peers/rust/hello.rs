//! The peer of `wasmtime serve`: hello as a component of wasi:http's proxy world, the way the crate
//! `wasi` has it: {"name":"Ada"} in the request's body is answered {"message":"Hello, Ada!"}.
//! The JSON is that of functions/hello-rust.
#[path = "../../../functions/hello-rust/json.rs"]
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
            Some(reply) => (200, reply),
            None => (400, String::from("{\"error\":\"not an event\"}")),
        };
        let headers = Fields::new();
        headers
            .set(&String::from("content-type"), &[b"application/json".to_vec()])
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

fn greet(request: IncomingRequest) -> Option<String> {
    let body = request.consume().ok()?;
    let mut data = Vec::new();
    body.stream().ok()?.read_to_end(&mut data).ok()?;
    let name = json::find_string(&data, "name").ok()?;
    let who = json::escaped(if name.is_empty() { "world" } else { &name });
    Some(format!("{{\"message\":\"Hello, {who}!\"}}"))
}
