//! hello as a component of wasi:cli/run 0.3: standard input and output are streams.
//! The contract is in ../README.md.
#[path = "greet.rs"]
mod greet;

use wasip3::cli::{stdin, stdout};
use wasip3::wit_bindgen::spawn_local;
use wasip3::wit_stream;

wasip3::cli::command::export!(Hello);

struct Hello;

impl wasip3::exports::cli::run::Guest for Hello {
    async fn run() -> Result<(), ()> {
        let (input, ended) = stdin::read_via_stream();
        let data = input.collect().await;
        ended.await.map_err(|_| ())?;
        let reply = greet::greet(&data).map_err(|why| eprintln!("hello: refusing: {why}"))?;
        let (mut sink, output) = wit_stream::new();
        spawn_local(async move {
            sink.write_all(reply.into_bytes()).await;
        });
        stdout::write_via_stream(output).await.map_err(|_| ())
    }
}
