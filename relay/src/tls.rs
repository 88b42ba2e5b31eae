//! Transport security: the operator's certificate, or one of our own.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use axum_server::tls_rustls::RustlsConfig;

use crate::config::Tls;

/// Why there is no https.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate could not be made.
    #[error("making a certificate: {0}")]
    Generate(#[from] rcgen::Error),
    /// Certificate and key are no pair, or no PEM.
    #[error("certificate {}: {reason}", path.display())]
    Load {
        /// Certificate.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Configuration for `tls`, `None` for plain http.
pub async fn load(tls: &Tls, data_dir: &Path, host: IpAddr) -> Result<Option<RustlsConfig>, Error> {
    let (cert, key) = match tls {
        Tls::Off => return Ok(None),
        Tls::SelfSigned => self_signed(data_dir, host)?,
        Tls::Files { cert, key } => (cert.clone(), key.clone()),
    };
    // A second call finds the provider of the first in place, which is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let loaded = RustlsConfig::from_pem_file(&cert, &key).await;
    loaded.map(Some).map_err(|error| Error::Load {
        path: cert,
        reason: error.to_string(),
    })
}

/// Certificate and key in the data folder, made on first use so that a listener has to accept it
/// only once.
fn self_signed(data_dir: &Path, host: IpAddr) -> Result<(PathBuf, PathBuf), Error> {
    let (cert, key) = (
        data_dir.join("self-signed.pem"),
        data_dir.join("self-signed.key"),
    );
    if cert.exists() && key.exists() {
        return Ok((cert, key));
    }
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    if !host.is_unspecified() && !host.is_loopback() {
        names.push(host.to_string());
    }
    let made = rcgen::generate_simple_self_signed(names)?;
    write(&cert, &made.cert.pem())?;
    write_private(&key, &made.signing_key.serialize_pem())?;
    Ok((cert, key))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| Error::File {
        path: path.into(),
        source,
    })
}

fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    write(path, "")?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(|source| {
            Error::File {
                path: path.into(),
                source,
            }
        })?;
    }
    write(path, text)
}
