//! fetch-rust: gets a JSON document over HTTP or HTTPS and answers with one of its fields, as
//! fetch-json does in Go. ureq with rustls; the manifest says which hosts it may ask
//! (docs/network.md).

mod over_ferry;

use std::error::Error;
use std::io;

const LARGEST: u64 = 4 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let event: serde_json::Value = serde_json::from_reader(io::stdin())?;
    let text = |name: &str| {
        event[name].as_str().ok_or_else(|| format!("the event has no text '{name}'"))
    };
    let (url, field) = (text("url")?, text("field")?);
    let mut answer = over_ferry::agent()?.get(url).call()?;
    let document: serde_json::Value = answer.body_mut().with_config().limit(LARGEST).read_json()?;
    let value = document.get(field).ok_or_else(|| format!("{url} has no field '{field}'"))?;
    println!("{value}");
    Ok(())
}
