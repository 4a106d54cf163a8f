//! Sums up a table: comma-separated values in a request's body, with names in the first line, are
//! answered with a JSON object that has for each column how many numbers it holds, their least,
//! greatest, sum and mean. The body is read piece by piece and never held as a whole. The contract is
//! in ../README.md.
mod table;

use std::io::Write;

use table::Table;
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::StreamError;

const PIECE: u64 = 16384;

wasi::http::proxy::export!(Summary);

struct Summary;

impl wasi::exports::http::incoming_handler::Guest for Summary {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        match summarise(&request) {
            Ok(table) => {
                eprintln!("summary: {} rows, {} columns", table.rows, table.columns.len());
                respond(out, 200, "application/json", &table.to_json());
            }
            Err((status, why)) => {
                eprintln!("summary: refusing: {why}");
                let body = format!("{{\"status\":{status},\"detail\":\"{why}\"}}");
                respond(out, status, "application/problem+json", &body);
            }
        }
    }
}

fn summarise(request: &IncomingRequest) -> Result<Table, (u16, String)> {
    if !matches!(request.method(), Method::Post | Method::Put) {
        return Err((405, "send a table with POST".into()));
    }
    let body = request.consume().expect("the body is taken once");
    let stream = body.stream().expect("the stream is taken once");
    let mut table = Table::default();
    loop {
        match stream.blocking_read(PIECE) {
            Ok(piece) => table.take(&piece).map_err(|why| (400, why))?,
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(_)) => {
                return Err((400, "the body cannot be read to its end".into()));
            }
        }
    }
    table.finish().map_err(|why| (400, why))
}

fn respond(out: ResponseOutparam, status: u16, content_type: &str, text: &str) {
    let headers = Fields::new();
    headers.set("content-type", &[content_type.as_bytes().to_vec()]).expect("a header");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("a status");
    let body = response.body().expect("the body");
    ResponseOutparam::set(out, Ok(response));
    let mut stream = body.write().expect("the body's stream");
    stream.write_all(text.as_bytes()).expect("writing the reply");
    drop(stream);
    OutgoingBody::finish(body, None).expect("the end of the reply");
}
