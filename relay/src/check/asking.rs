//! Asks the relay that runs, as a browser or a scraper would: one request a connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// How long an answer may take.
const MOST_WAIT: Duration = Duration::from_secs(5);
/// Most bytes of an answer that are read.
const MOST_ANSWER: u64 = 16 << 20;

/// A connection, encrypted or not.
pub trait Connection: Read + Write {}
impl<T: Read + Write> Connection for T {}

/// Where a relay is, and how it is called.
pub struct Place {
    /// Address.
    pub address: SocketAddr,
    /// Host as requests name it.
    pub host: String,
    /// What trusts its certificate, and for which name; none for plain http.
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

/// An answer.
pub struct Answer {
    /// Status.
    pub status: u16,
    head: String,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a line of the head, whose name is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Place {
    /// A place of plain http.
    pub fn plain(address: SocketAddr, host: String) -> Self {
        let tls = None;
        Self { address, host, tls }
    }

    /// A place of https whose certificate is the one in this file, for this name.
    pub fn encrypted(
        address: SocketAddr,
        host: String,
        name: &str,
        cert: &Path,
    ) -> Result<Self, String> {
        let words = |error: &dyn std::fmt::Display| format!("{}: {error}", cert.display());
        let mut roots = RootCertStore::empty();
        let chain = CertificateDer::pem_file_iter(cert).map_err(|error| words(&error))?;
        for certificate in chain {
            let certificate = certificate.map_err(|error| words(&error))?;
            roots.add(certificate).map_err(|error| words(&error))?;
        }
        let name = ServerName::try_from(name.to_owned()).map_err(|error| words(&error))?;
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = Some((Arc::new(config), name));
        Ok(Self { address, host, tls })
    }

    /// Connects, and shakes hands where it is encrypted.
    pub fn connect(&self) -> io::Result<Box<dyn Connection>> {
        let stream = TcpStream::connect_timeout(&self.address, MOST_WAIT)?;
        stream.set_read_timeout(Some(MOST_WAIT))?;
        stream.set_write_timeout(Some(MOST_WAIT))?;
        let Some((config, name)) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let connection = ClientConnection::new(Arc::clone(config), name.clone());
        let mut stream = StreamOwned::new(connection.map_err(io::Error::other)?, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Box::new(stream))
    }

    /// Sends a request and reads the whole answer. `lines` each end with a line feed.
    pub fn ask(&self, request: &str, lines: &str, body: &[u8]) -> io::Result<Answer> {
        let mut stream = self.connect()?;
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{lines}\r\n",
            self.host,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut bytes = Vec::new();
        let read = stream.take(MOST_ANSWER).read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let Some(end) = end else {
            read?;
            return Err(io::Error::other("no answer of HTTP"));
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
        Ok(Answer {
            status: status.ok_or_else(|| io::Error::other("no status"))?,
            head,
            body: bytes.split_off(end + 4),
        })
    }
}
