//! Calls the functions of the world wasi:http/proxy that need no network, and answers with a line for
//! each call: what it gave. Nothing that may differ from run to run is reported.
mod report;

use report::Report;
use wasi::clocks::{monotonic_clock, wall_clock};
use wasi::http::types::{
    http_error_code, ErrorCode, Fields, IncomingBody, IncomingRequest, Method, OutgoingBody,
    OutgoingRequest, OutgoingResponse, RequestOptions, ResponseOutparam, Scheme,
};
use wasi::io::poll;
use wasi::random::{insecure, insecure_seed, random};

wasi::http::proxy::export!(Conformance);

struct Conformance;

impl wasi::exports::http::incoming_handler::Guest for Conformance {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        if let Some(how) = request.path_with_query().unwrap_or_default().strip_prefix("/pieces") {
            return pieces(how, out);
        }
        let mut report = Report::default();
        fields(&mut report);
        incoming(&mut report, request);
        outgoing_request(&mut report);
        clocks(&mut report);
        randomness(&mut report);
        respond(report, out);
    }
}

/// A body in pieces, between which the function waits: all of it, or `-trap` after the first, or
/// `-forever`, or after the first nothing at all and no wait either (`-spin`).
fn pieces(how: &str, out: ResponseOutparam) {
    let headers = Fields::new();
    headers.set("content-type", &[bytes("text/event-stream")]).expect("a header");
    let response = OutgoingResponse::new(headers);
    let body = response.body().expect("the body");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("the stream");
    for piece in 1u32.. {
        stream.blocking_write_and_flush(&bytes(&format!("piece {piece}\n"))).expect("a piece");
        if piece == 3 && how != "-forever" {
            break;
        }
        monotonic_clock::subscribe_duration(300_000_000).block();
        if how == "-trap" {
            std::process::abort();
        }
        while how == "-spin" {
            std::hint::spin_loop();
        }
    }
    drop(stream);
    OutgoingBody::finish(body, None).expect("the end of the pieces");
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn fields(report: &mut Report) {
    let own = Fields::new();
    report.add("append", own.append("X-One", &bytes("1")));
    report.add("append again", own.append("x-one", &bytes("2")));
    report.add("append empty", own.append("x-empty", &bytes("")));
    report.add("append bytes", own.append("x-bytes", &vec![0xe9, 0xff]));
    report.add("get", own.get("x-ONE"));
    report.add("get none", own.get("x-none"));
    report.add("has", (own.has("x-one"), own.has("none"), own.has("not a name")));
    report.add("set", own.set("x-one", &[bytes("3"), bytes("4")]));
    report.add("set none", own.set("x-gone", &[]));
    report.add("delete", own.delete("x-empty"));
    report.add("delete none", own.delete("x-none"));
    for name in ["", " ", "a b", "a:b", "é", "a\n", "x\u{0}"] {
        report.add(&format!("invalid name {name:?}"), own.append(name, &bytes("v")));
        report.add(&format!("delete {name:?}"), own.delete(name));
        report.add(&format!("get {name:?}"), own.get(name));
    }
    for value in ["a\nb", "a\rb", "a\u{0}b", "\ta", " a ", "\u{7f}"] {
        report.add(&format!("value {value:?}"), own.append("x-value", &bytes(value)));
    }
    for name in ["connection", "keep-alive", "Proxy-Connection", "transfer-encoding", "upgrade", "host",
                 "http2-settings", "proxy-authenticate", "proxy-authorization", "te", "trailer"] {
        report.add(&format!("forbidden {name}"), own.append(name, &bytes("v")));
        report.add(&format!("set {name}"), own.set(name, &[bytes("v")]));
    }
    report.add("from_list forbidden",
               Fields::from_list(&[("host".into(), bytes("h"))]).map(|_| ()));
    report.add("from_list invalid", Fields::from_list(&[("a b".into(), bytes("h"))]).map(|_| ()));
    let listed = Fields::from_list(&[("B".into(), bytes("1")), ("a".into(), bytes("2")),
                                     ("b".into(), bytes("3"))]).expect("fields");
    report.add("from_list get", (listed.get("b"), listed.get("A")));
    let mut names: Vec<_> = listed.entries().into_iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort();
    report.add("entries", names);
    let copy = listed.clone();
    report.add("clone is apart", (copy.delete("b"), copy.has("b"), listed.has("b")));
}

fn incoming(report: &mut Report, request: IncomingRequest) {
    report.add("method", request.method());
    report.add("path", request.path_with_query());
    report.add("scheme", request.scheme());
    report.add("has authority", request.authority().is_some());
    let headers = request.headers();
    report.add("x-sent", headers.get("X-Sent"));
    report.add("immutable", (headers.append("a", &bytes("b")), headers.delete("x-sent"),
                             headers.set("a", &[])));
    report.add("copy is mutable", headers.clone().append("a", &bytes("b")));
    report.add("connection is not seen", headers.has("connection"));
    drop(headers);
    let body = request.consume().expect("the body");
    report.add("consume twice", request.consume().map(|_| ()));
    let stream = body.stream().expect("the stream");
    report.add("stream twice", body.stream().map(|_| ()));
    report.add("read nothing", stream.read(0).map(|data| data.len()));
    let pollable = stream.subscribe();
    pollable.block();
    report.add("ready", pollable.ready());
    drop(pollable);
    report.add("skip", stream.blocking_skip(2));
    report.add("read", stream.blocking_read(3));
    let mut all = Vec::new();
    let end = loop {
        match stream.blocking_read(7) {
            Ok(data) => all.extend(data),
            Err(error) => break error,
        }
    };
    report.add("rest", all);
    report.add("end", end);
    report.add("read past the end", stream.read(1));
    report.add("skip past the end", stream.skip(1));
    drop(stream);
    let trailers = IncomingBody::finish(body);
    trailers.subscribe().block();
    report.add("trailers", trailers.get().map(|once| once.map(|got| got.map(|fields| fields.is_some()))));
    report.add("trailers twice", trailers.get().map(|once| once.is_err()));
}

fn outgoing_request(report: &mut Report) {
    let request = OutgoingRequest::new(Fields::new());
    report.add("defaults", (request.method(), request.path_with_query(), request.scheme(),
                            request.authority()));
    for method in [Method::Patch, Method::Other("PURGE".into()), Method::Other("a b".into()),
                   Method::Other("".into())] {
        report.add(&format!("set_method {method:?}"), request.set_method(&method));
    }
    report.add("method", request.method());
    for path in [Some("/a?b"), None, Some(""), Some("/a b"), Some("/\n")] {
        report.add(&format!("set_path {path:?}"), request.set_path_with_query(path));
    }
    for scheme in [Some(Scheme::Https), None, Some(Scheme::Other("ws".into()))] {
        report.add(&format!("set_scheme {scheme:?}"), request.set_scheme(scheme.as_ref()));
    }
    for authority in [Some("h:80"), None, Some("a b"), Some("[::1]:8080")] {
        report.add(&format!("set_authority {authority:?}"), request.set_authority(authority));
    }
    report.add("headers are immutable", request.headers().append("a", &bytes("b")));
    let body = request.body().expect("the body");
    report.add("body twice", request.body().map(|_| ()));
    let stream = body.write().expect("the stream");
    report.add("write twice", body.write().map(|_| ()));
    drop(stream);
    drop(body);
    let options = RequestOptions::new();
    report.add("no timeouts", (options.connect_timeout(), options.first_byte_timeout(),
                               options.between_bytes_timeout()));
    report.add("set timeouts", (options.set_connect_timeout(Some(1)),
                                options.set_first_byte_timeout(Some(2)),
                                options.set_between_bytes_timeout(Some(3))));
    report.add("timeouts", (options.connect_timeout(), options.first_byte_timeout(),
                            options.between_bytes_timeout()));
    report.add("unset", (options.set_connect_timeout(None), options.connect_timeout()));
}

fn clocks(report: &mut Report) {
    let before = monotonic_clock::now();
    let later = monotonic_clock::subscribe_duration(2_000_000);
    let never = monotonic_clock::subscribe_instant(u64::MAX);
    let past = monotonic_clock::subscribe_instant(0);
    report.add("past is ready", past.ready());
    report.add("never is not", never.ready());
    report.add("poll past", poll::poll(&[&never, &past, &never, &past]));
    report.add("poll later", poll::poll(&[&later, &never]));
    later.block();
    report.add("time went on", monotonic_clock::now() - before >= 2_000_000);
    report.add("resolutions", (monotonic_clock::resolution() > 0,
                               wall_clock::resolution().nanoseconds > 0));
    report.add("wall clock", wall_clock::now().seconds > 1_700_000_000);
    report.add("nanoseconds", wall_clock::now().nanoseconds < 1_000_000_000);
}

fn randomness(report: &mut Report) {
    report.add("random lengths", [0, 1, 7, 4096].map(|length| random::get_random_bytes(length).len()));
    report.add("random is not the same", random::get_random_u64() != random::get_random_u64());
    report.add("insecure length", insecure::get_insecure_random_bytes(9).len());
    insecure::get_insecure_random_u64();
    insecure_seed::insecure_seed();
}

fn respond(mut report: Report, out: ResponseOutparam) {
    let headers = Fields::new();
    report.add("content-type", headers.set("content-type", &[bytes("text/plain")]));
    let response = OutgoingResponse::new(headers);
    report.add("status", response.status_code());
    for status in [99, 100, 200, 599, 600, 999, 1000, 65535, 201] {
        report.add(&format!("set_status {status}"), response.set_status_code(status));
    }
    report.add("status now", response.status_code());
    report.add("headers are immutable", response.headers().append("a", &bytes("b")));
    let body = response.body().expect("the body");
    report.add("body twice", response.body().map(|_| ()));
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("the stream");
    report.add("write twice", body.write().map(|_| ()));
    report.add("check_write", stream.check_write().map(|size| size > 0));
    report.add("write nothing", stream.write(b""));
    report.add("flush", stream.flush());
    stream.subscribe().block();
    report.add("blocking_flush", stream.blocking_flush());
    report.add("error of a stream", http_error_code_of_none());
    report.add("zeroes", stream.blocking_write_zeroes_and_flush(3));
    for part in report.text.as_bytes().chunks(4096) {
        stream.blocking_write_and_flush(part).expect("writing the report");
    }
    drop(stream);
    OutgoingBody::finish(body, None).expect("the end of the report");
}

// There is no failed stream here to ask about: the function is linked, and known by its type.
fn http_error_code_of_none() -> Option<ErrorCode> {
    let ask: fn(&wasi::io::error::Error) -> Option<ErrorCode> = http_error_code;
    std::hint::black_box(ask);
    None
}
