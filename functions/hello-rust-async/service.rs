//! hello as a component of wasi:http 0.3: an asynchronous function that reads the request's body as a
//! stream, answers, and writes the response's body after it has returned the response.
//! The contract is in ../README.md.
#[path = "greet.rs"]
mod greet;

use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen::spawn_local;
use wasip3::{wit_future, wit_stream};

wasip3::http::service::export!(Hello);

struct Hello;

impl wasip3::exports::http::handler::Guest for Hello {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let (_, handled) = wit_future::new(|| Ok(()));
        let (body, ended) = Request::consume_body(request, handled);
        let data = body.collect().await;
        ended.await?;
        let (status, reply) = match greet::greet(&data) {
            Ok(reply) => (200, reply),
            Err(why) => {
                eprintln!("hello: refusing: {why}");
                (400, format!("{{\"error\":\"{why}\"}}"))
            }
        };
        let headers = Fields::new();
        headers
            .append("content-type", b"application/json")
            .expect("a header");
        let (mut sink, contents) = wit_stream::new();
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _) = Response::new(headers, Some(contents), trailers);
        response.set_status_code(status).expect("a status");
        spawn_local(async move {
            let rest = sink.write_all(reply.into_bytes()).await;
            assert!(rest.is_empty(), "the reply was cut");
        });
        Ok(response)
    }
}
