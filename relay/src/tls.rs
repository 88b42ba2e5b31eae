//! Transport security: the operator's certificate, or one of our own.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use axum_server::tls_rustls::RustlsConfig;

use crate::config::Tls;

/// Time between two looks at the files of a certificate.
const LOOK: Duration = Duration::from_secs(60);

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

/// What tells a file from the one that comes after it: its time and its length.
type Stamp = Option<(SystemTime, u64)>;

fn stamp(path: &Path) -> Stamp {
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}

/// A certificate and its key, which are read again when their files have changed.
#[derive(Debug)]
pub struct Certificate {
    /// What connections are made with.
    pub config: RustlsConfig,
    cert: PathBuf,
    key: PathBuf,
    /// Of both files, when they were read.
    seen: [Stamp; 2],
}

impl Certificate {
    async fn load(cert: PathBuf, key: PathBuf) -> Result<Self, Error> {
        // A second call finds the provider of the first in place, which is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let seen = [stamp(&cert), stamp(&key)];
        match RustlsConfig::from_pem_file(&cert, &key).await {
            Ok(config) => Ok(Self {
                config,
                cert,
                key,
                seen,
            }),
            Err(error) => Err(Error::Load {
                path: cert,
                reason: error.to_string(),
            }),
        }
    }

    /// Reads the files again if they have changed; whether the new ones are in force. Where they
    /// cannot be used, those of before stay.
    async fn look(&mut self) -> Result<bool, Error> {
        let seen = [stamp(&self.cert), stamp(&self.key)];
        if seen == self.seen {
            return Ok(false);
        }
        self.seen = seen;
        let read = self.config.reload_from_pem_file(&self.cert, &self.key);
        match read.await {
            Ok(()) => Ok(true),
            Err(error) => Err(Error::Load {
                path: self.cert.clone(),
                reason: error.to_string(),
            }),
        }
    }

    /// Looks at the files as long as the relay runs.
    pub async fn follow(mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.look().await {
                Ok(false) => {}
                Ok(true) => tracing::info!("the certificate was renewed"),
                Err(error) => {
                    tracing::warn!(%error, "the certificate of before stays in force");
                }
            }
        }
    }
}

/// The certificate for `tls`, `None` for plain http.
pub async fn load(tls: &Tls, data_dir: &Path, host: IpAddr) -> Result<Option<Certificate>, Error> {
    let (cert, key) = match tls {
        Tls::Off => return Ok(None),
        Tls::SelfSigned => self_signed(data_dir, host)?,
        Tls::Files { cert, key } => (cert.clone(), key.clone()),
    };
    Certificate::load(cert, key).await.map(Some)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let host = IpAddr::from([127, 0, 0, 1]);
        let loaded = load(&Tls::SelfSigned, folder.path(), host).await;
        let mut certificate = loaded.unwrap().unwrap();
        let first = certificate.config.get_inner();
        assert!(!certificate.look().await.unwrap());
        let made = rcgen::generate_simple_self_signed(["renewed".to_owned()]).unwrap();
        // The key of one and the certificate of another, as in the middle of a renewal.
        let pem = format!("{}\n", made.cert.pem());
        fs::write(&certificate.cert, pem).unwrap();
        assert!(certificate.look().await.is_err());
        assert!(std::sync::Arc::ptr_eq(
            &first,
            &certificate.config.get_inner()
        ));
        assert!(!certificate.look().await.unwrap());
        let pem = format!("{}\n", made.signing_key.serialize_pem());
        fs::write(&certificate.key, pem).unwrap();
        assert!(certificate.look().await.unwrap());
        assert!(!std::sync::Arc::ptr_eq(
            &first,
            &certificate.config.get_inner()
        ));
    }
}
