//! A component whose event is HOST:PORT/PATH: asks there over plain HTTP by std's own TcpStream, and
//! answers with the body.
use std::io::{self, Read, Write};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    let mut event = String::new();
    io::stdin().read_to_string(&mut event)?;
    let (place, path) = event.trim().split_once('/').unwrap_or((event.trim(), ""));
    let mut stream = TcpStream::connect(place)?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((_, body)) => io::stdout().write_all(body.as_bytes()),
        None => Err(io::Error::new(io::ErrorKind::InvalidData, "the service does not speak HTTP")),
    }
}
