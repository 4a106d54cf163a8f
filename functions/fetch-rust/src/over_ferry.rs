//! ureq over ferry's connections: std cannot look names up or connect for wasm32-wasip1, so the
//! resolver leaves names to the connector, and the connector to `ferry_net`. Limits on time are
//! ferry's: `[limits] timeout` and `connect_timeout`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::{env, fs, io};

use ureq::http::Uri;
use ureq::tls::{parse_pem, PemItem, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, RustlsConnector, Transport,
};
use ureq::{config::Config, Agent, Error};

/// An agent that trusts the certificates that ferry grants: `SSL_CERT_FILE` names them.
pub fn agent() -> io::Result<Agent> {
    let mut tls = TlsConfig::builder();
    if let Ok(path) = env::var("SSL_CERT_FILE") {
        let pem = fs::read(path)?;
        let roots = parse_pem(&pem).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        });
        tls = tls.root_certs(RootCerts::from(roots.collect::<Vec<_>>()));
    }
    let config = Config::builder().tls_config(tls.build()).build();
    let connector = ().chain(OverFerry).chain(RustlsConnector::default());
    Ok(Agent::with_parts(config, connector, Nowhere))
}

/// ureq wants an address of each host before it connects; nothing connects to this one.
#[derive(Debug)]
struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut out = self.empty();
        out.push(([0, 0, 0, 0], 0).into());
        Ok(out)
    }
}

#[derive(Debug)]
struct OverFerry;

impl Connector for OverFerry {
    type Out = Connection;

    fn connect(&self, to: &ConnectionDetails, _: Option<()>) -> Result<Option<Connection>, Error> {
        let host = to.uri.host().ok_or(Error::HostNotFound)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = to.uri.port_u16().unwrap_or(if to.needs_tls() { 443 } else { 80 });
        let buffers = LazyBuffers::new(to.config.input_buffer_size(), to.config.output_buffer_size());
        Ok(Some(Connection { stream: ferry_net::connect(host, port)?, buffers }))
    }
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    buffers: LazyBuffers,
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        Ok(self.stream.write_all(&self.buffers.output()[..amount])?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        let room = self.buffers.input_append_buf();
        let size = self.stream.read(room)?;
        self.buffers.input_appended(size);
        Ok(size > 0)
    }

    fn is_open(&mut self) -> bool {
        false // an event makes few requests: nothing is gained by keeping connections
    }
}
