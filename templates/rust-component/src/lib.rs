//! wasi:http's incoming-handler, in terms of `function::handle`.
mod function;

use std::io::{Read, Write};

use function::{Request, Response};
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Service;

wasi::http::proxy::export!(Service);

impl wasi::exports::http::incoming_handler::Guest for Service {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let answer = match read(&request) {
            Ok(request) => function::handle(&request),
            Err(error) => {
                eprintln!("@NAME@: the request cannot be read: {error}");
                Response { status: 400, ..Response::default() }
            }
        };
        let headers = Fields::new();
        for (name, value) in &answer.headers {
            headers.append(name, &value.as_bytes().to_vec()).expect("a header");
        }
        let response = OutgoingResponse::new(headers);
        response.set_status_code(answer.status).expect("a status");
        let body = response.body().expect("the body");
        ResponseOutparam::set(out, Ok(response));
        let mut stream = body.write().expect("the body's stream");
        stream.write_all(&answer.body).expect("writing the body");
        drop(stream);
        OutgoingBody::finish(body, None).expect("the end of the body");
    }
}

fn read(request: &IncomingRequest) -> std::io::Result<Request> {
    let headers = request.headers().entries();
    let mut body = Vec::new();
    let incoming = request.consume().expect("the body is taken once");
    incoming.stream().expect("the stream is taken once").read_to_end(&mut body)?;
    Ok(Request {
        method: match request.method() {
            Method::Other(name) => name,
            known => format!("{known:?}").trim_start_matches("Method::").to_uppercase(),
        },
        path: request.path_with_query().unwrap_or_else(|| "/".into()),
        headers: headers
            .into_iter()
            .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
            .collect(),
        body,
    })
}
