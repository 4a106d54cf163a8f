//! fetch as a component: the request's body is a URL; it is asked for, by POST with the rest of the
//! body where that has a second line, and the answer is passed on as it comes. What cannot be had
//! is answered with status 502 and the error-code of wasi:http. The manifest says which services it
//! may reach (docs/network.md).
use std::io::{Read, Write};

use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, IncomingRequest, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    OutgoingResponse, ResponseOutparam, Scheme,
};

wasi::http::proxy::export!(Fetch);

struct Fetch;

impl wasi::exports::http::incoming_handler::Guest for Fetch {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let (url, body) = read_request(request);
        match fetch(&url, body.as_deref()) {
            Ok(response) => pass_on(response, out),
            Err(error) => answer(out, 502, format!("{error:?}\n").as_bytes()),
        }
    }
}

/// The URL, and what is to be posted there.
fn read_request(request: IncomingRequest) -> (String, Option<String>) {
    let body = request.consume().expect("the body");
    let mut text = String::new();
    body.stream().expect("its stream").read_to_string(&mut text).expect("reading it");
    match text.split_once('\n') {
        Some((url, rest)) => (url.to_string(), Some(rest.to_string())),
        None => (text, None),
    }
}

fn fetch(url: &str, body: Option<&str>) -> Result<IncomingResponse, ErrorCode> {
    let (scheme, rest) = url.split_once("://").ok_or(ErrorCode::HttpRequestUriInvalid)?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let request = OutgoingRequest::new(Fields::new());
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_scheme(Some(&scheme)).map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request.set_authority(Some(authority)).map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request.set_path_with_query(Some(path)).map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    let outgoing = match body {
        Some(_) => {
            request.set_method(&Method::Post).expect("a method");
            Some(request.body().expect("the request's body"))
        }
        None => None,
    };
    let future = outgoing_handler::handle(request, None)?;
    if let (Some(outgoing), Some(body)) = (outgoing, body) {
        let mut stream = outgoing.write().expect("its stream");
        stream.write_all(body.as_bytes()).map_err(|_| ErrorCode::ConnectionTerminated)?;
        drop(stream);
        OutgoingBody::finish(outgoing, None)?;
    }
    let ready = future.subscribe();
    ready.block();
    drop(ready);
    future.get().expect("it is ready").expect("it is taken once")
}

fn pass_on(response: IncomingResponse, out: ResponseOutparam) {
    let answer = OutgoingResponse::new(Fields::new());
    answer.set_status_code(response.status()).expect("a status");
    let body = answer.body().expect("the body");
    ResponseOutparam::set(out, Ok(answer));
    let mut to = body.write().expect("its stream");
    let incoming = response.consume().expect("the response's body");
    let mut from = incoming.stream().expect("its stream");
    let passed = std::io::copy(&mut from, &mut to);
    if let Err(error) = passed {
        eprintln!("fetch: {error}");
        return; // the body is never finished: no answer
    }
    to.flush().expect("sending");
    drop(to);
    OutgoingBody::finish(body, None).expect("the end of the answer");
}

fn answer(out: ResponseOutparam, status: u16, text: &[u8]) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(status).expect("a status");
    let body = response.body().expect("the body");
    ResponseOutparam::set(out, Ok(response));
    let mut stream = body.write().expect("its stream");
    stream.write_all(text).expect("writing");
    drop(stream);
    OutgoingBody::finish(body, None).expect("the end of the answer");
}
