//! Exchanges events.json with `ferry serve` through the CloudEvents SDK for Rust.
//!
//!     client URL events.json
//!
//! The SDK writes and reads header values as they are, without percent-encoding (HTTP binding, 3.1.3.2),
//! and can write none beyond ASCII. So in binary mode its events are given encoded attributes, and those
//! of the reply are decoded: `encode` and `decode` below. All else is the SDK's.
use std::{env, fs, process};

use cloudevents::binding::http::{builder::Builder, to_event, Serializer};
use cloudevents::message::{BinaryDeserializer, Error, Result as Message, StructuredDeserializer};
use cloudevents::{AttributesReader, Data, Event};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{json, Value};

/// What the SDK writes a request into.
#[derive(Default)]
struct Wire {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Builder<Wire> for Wire {
    fn header(&mut self, key: &str, value: HeaderValue) {
        self.headers.insert(HeaderName::try_from(key).expect("a header's name"), value);
    }
    fn body(&mut self, bytes: Vec<u8>) -> Message<Wire> {
        self.body = bytes;
        self.finish()
    }
    fn finish(&mut self) -> Message<Wire> {
        Ok(std::mem::take(self))
    }
}

fn encode(text: &str) -> String {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'%' && byte != b'"';
    text.bytes().map(|each| if plain(each) { char::from(each).to_string() } else { format!("%{each:02X}") }).collect()
}

fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, digits.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => (out.push(byte), rest = &behind[2..]).1,
            _ => (out.push(*first), rest = behind).1,
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

fn event_of(test: &Value, attribute: fn(&str) -> String) -> Result<Event, String> {
    let mut event = json!({"specversion": "1.0"});
    for (name, value) in test["attributes"].as_object().into_iter().flatten() {
        event[name] = match value.as_str() {
            Some(text) if name != "time" && name != "datacontenttype" => json!(attribute(text)),
            _ => value.clone(),
        };
    }
    for (from, to) in [("json", "data"), ("text", "data"), ("base64", "data_base64")] {
        if let Some(data) = test.get(from) {
            event[to] = data.clone();
        }
    }
    serde_json::from_value(event).map_err(|error| error.to_string())
}

/// The attributes, in their string form where `binary`: headers have no types.
fn attributes(event: &Event, binary: bool) -> Value {
    let mut all = serde_json::to_value(event).unwrap_or_default();
    for name in ["data", "data_base64", "datacontenttype"] {
        all.as_object_mut().map(|members| members.remove(name));
    }
    for (_, value) in all.as_object_mut().into_iter().flatten() {
        if binary {
            *value = json!(value.as_str().map_or_else(|| value.to_string(), decode));
        }
    }
    all
}

fn bytes_of(event: &Event) -> Vec<u8> {
    match event.data() {
        None => Vec::new(),
        Some(Data::Binary(bytes)) => bytes.clone(),
        Some(Data::String(text)) => text.clone().into_bytes(),
        Some(Data::Json(value)) => value.to_string().into_bytes(),
    }
}

fn compare(sent: &Event, reply: &Event, binary: bool) -> Result<(), String> {
    let mut want = attributes(sent, binary);
    want["type"] = json!(decode(sent.ty()) + ".echo");
    let mut got = attributes(reply, binary);
    if want.get("time").is_none() {
        got.as_object_mut().map(|members| members.remove("time")); // ferry says when the reply was made
    }
    if want != got {
        return Err(format!("sent {want}\n  got  {got}"));
    }
    let (a, b) = (bytes_of(sent), bytes_of(reply));
    let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    if a != b && (value(&a).is_none() || value(&a) != value(&b)) {
        return Err(format!("data: sent {:?}, got {:?}", String::from_utf8_lossy(&a), String::from_utf8_lossy(&b)));
    }
    Ok(())
}

fn post(url: &str, wire: Wire) -> Result<(HeaderMap, Vec<u8>), String> {
    let mut request = ureq::post(url);
    for (name, value) in &wire.headers {
        request = request.header(name, value);
    }
    let mut response = request.send(&wire.body[..]).map_err(|error| error.to_string())?;
    let body = response.body_mut().read_to_vec().map_err(|error| error.to_string())?;
    Ok((response.headers().clone(), body))
}

fn single(url: &str, test: &Value, structured: bool) -> Result<(), String> {
    let told = |error: Error| error.to_string();
    let sent = event_of(test, if structured { str::to_owned } else { encode })?;
    let serializer = Serializer::new(Wire::default());
    let wire = if structured {
        StructuredDeserializer::deserialize_structured(sent.clone(), serializer)
    } else {
        BinaryDeserializer::deserialize_binary(sent.clone(), serializer)
    };
    let (headers, body) = post(url, wire.map_err(told)?)?;
    if headers.contains_key("ce-id") == structured {
        return Err(format!("the reply is in the wrong mode: {:?}", headers.get("content-type")));
    }
    compare(&sent, &to_event(&headers, body).map_err(told)?, !structured)
}

fn batch(url: &str, tests: &[Value]) -> Result<(), String> {
    let sent: Vec<Event> = tests.iter().map(|test| event_of(test, str::to_owned)).collect::<Result<_, _>>()?;
    let body = serde_json::to_vec(&sent).map_err(|error| error.to_string())?;
    let mut wire = Wire { body, ..Wire::default() };
    wire.header("content-type", HeaderValue::from_static("application/cloudevents-batch+json"));
    let (_, body) = post(url, wire)?;
    let replies: Vec<Event> = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    if replies.len() != sent.len() {
        return Err(format!("{} events, {} replies", sent.len(), replies.len()));
    }
    sent.iter().zip(&replies).try_for_each(|(a, b)| compare(a, b, false))
}

fn main() {
    let words: Vec<String> = env::args().collect();
    let [_, url, file] = &words[..] else {
        eprintln!("usage: client URL events.json");
        process::exit(2);
    };
    let text = fs::read_to_string(file).expect("events.json");
    let tests: Vec<Value> = serde_json::from_str(&text).expect("events.json");
    let mut exchanges = Vec::new();
    for test in &tests {
        for (mode, structured) in [("binary", false), ("structured", true)] {
            exchanges.push((format!("{mode}, {}", test["name"]), single(url, test, structured)));
        }
    }
    exchanges.push(("batched".to_owned(), batch(url, &tests)));
    let failed = exchanges.iter().filter(|(_, result)| result.is_err()).count();
    for (name, result) in &exchanges {
        if let Err(problem) = result {
            println!("FAILED rust: {name}\n  {problem}");
        }
    }
    println!("rust: {} of {} exchanges passed", exchanges.len() - failed, exchanges.len());
    process::exit(i32::from(failed > 0));
}
