//! Outbound TCP for functions that ferry runs (`wasm32-wasip1`). std has `TcpStream` there, but no way
//! to make one; ferry makes a connection of the path `/dev/tcp/HOST/PORT`. What comes back is std's own
//! type: it reads, writes, has timeouts, and goes wherever a `TcpStream` goes.
//!
//! The manifest says where the function may connect to (`[grant] connect`); anything else is
//! `PermissionDenied`, and the log says what would grant it.
//!
//! Elsewhere (tests on your own machine, components of `wasm32-wasip2`) `connect` is std's.
#![forbid(unsafe_op_in_unsafe_fn)]

use std::io;
use std::net::TcpStream;

/// Looks the host up, connects, and waits until the connection stands or has failed.
#[cfg(all(target_os = "wasi", not(target_env = "p2")))]
pub fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    use std::fs::File;
    use std::os::wasi::io::{FromRawFd, IntoRawFd};

    if host.is_empty() || host.contains(['/', '\0']) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the name of a host"));
    }
    let file = File::options().read(true).write(true).open(format!("/dev/tcp/{host}/{port}"))?;
    // SAFETY: the descriptor is a connected stream socket, and is given away by `file`.
    Ok(unsafe { TcpStream::from_raw_fd(file.into_raw_fd()) })
}

#[cfg(not(all(target_os = "wasi", not(target_env = "p2"))))]
pub fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    TcpStream::connect((host, port))
}

/// The same of `HOST:PORT` or `[IPV6]:PORT`.
pub fn connect_to(place: &str) -> io::Result<TcpStream> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "not of the form HOST:PORT");
    let (host, port) = place.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    connect(host, port.parse().map_err(|_| wrong())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn places_that_are_none() {
        for place in ["", "localhost", "localhost:", "localhost:http", "localhost:65536"] {
            assert_eq!(connect_to(place).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{place}");
        }
    }

    #[test]
    fn a_connection_talks_both_ways() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let peer = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut got = [0; 4];
            stream.read_exact(&mut got).unwrap();
            stream.write_all(&got).unwrap();
        });
        let mut stream = connect_to(&place).unwrap();
        stream.write_all(b"ping").unwrap();
        let mut got = String::new();
        stream.read_to_string(&mut got).unwrap();
        assert_eq!(got, "ping");
        peer.join().unwrap();
    }
}
