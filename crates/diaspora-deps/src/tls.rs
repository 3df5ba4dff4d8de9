//! TLS of a probe: who is trusted to vouch for the server, and the name that the server
//! must have. The sockets are in [`crate::net`].

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

/// How a probe makes its connection secure.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// Why TLS is not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A host that no certificate can name.
    #[error("\"{0}\" can't be the name in a certificate")]
    Name(String),
    /// A file of authorities without one.
    #[error("no certificate of an authority in it")]
    NoAuthority,
    /// The library does not take this configuration.
    #[error("{0}")]
    Unsupported(String),
}

impl Tls {
    /// Connects only to a server that proves to be `host`, by one of the `authorities`:
    /// certificates in PEM.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn verified(host: &str, authorities: &[u8]) -> Result<Self, TlsError> {
        let certificates = CertificateDer::pem_slice_iter(authorities).filter_map(Result::ok);
        let trusted: Vec<_> = certificates.collect();
        let mut roots = RootCertStore::empty();
        let (taken, _) = roots.add_parsable_certificates(trusted.iter().cloned());
        if taken == 0 {
            return Err(TlsError::NoAuthority);
        }
        let provider = Arc::new(ring::default_provider());
        let by_authority =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|error| TlsError::Unsupported(error.to_string()))?;
        let trust = Trust::Listed {
            by_authority,
            trusted,
        };
        Self::new(host, provider, trust)
    }

    /// Connects to any server.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn unverified(host: &str) -> Result<Self, TlsError> {
        Self::new(host, Arc::new(ring::default_provider()), Trust::Any)
    }

    fn new(host: &str, provider: Arc<CryptoProvider>, trust: Trust) -> Result<Self, TlsError> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| TlsError::Name(host.to_owned()))?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let config = builder
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Unsupported(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier { provider, trust }))
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
            name,
        })
    }

    /// A connection of which nothing has been sent.
    ///
    /// # Errors
    /// [`rustls::Error`].
    pub(crate) fn connection(&self) -> Result<ClientConnection, rustls::Error> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone())
    }
}

/// Whose certificates are taken.
#[derive(Debug)]
enum Trust {
    /// Everybody's.
    Any,
    /// Those that an authority vouches for, and those that are listed themselves, as one
    /// that vouches for itself: only its name counts then.
    Listed {
        by_authority: Arc<WebPkiServerVerifier>,
        trusted: Vec<CertificateDer<'static>>,
    },
}

#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    trust: Trust,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.trust {
            Trust::Any => Ok(ServerCertVerified::assertion()),
            Trust::Listed { trusted, .. } if trusted.contains(certificate) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            Trust::Listed { by_authority, .. } => by_authority.verify_server_cert(
                certificate,
                intermediates,
                name,
                ocsp_response,
                now,
            ),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_and_a_name_are_needed() {
        let none = Tls::verified("localhost", b"nothing").expect_err("no authority");
        assert_eq!(none, TlsError::NoAuthority);
        let name = Tls::unverified("a b").expect_err("no name");
        assert_eq!(name, TlsError::Name("a b".to_owned()));
        for host in ["localhost", "127.0.0.1", "::1", "my_db"] {
            assert!(Tls::unverified(host).is_ok(), "{host}");
        }
    }
}
