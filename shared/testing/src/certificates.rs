//! Certificates for a Redis with TLS, made for one test.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// An authority, and a certificate that it gave to a server of some name, as files.
pub struct Certificates {
    directory: TempDir,
}

impl Certificates {
    /// Makes both.
    pub fn for_name(name: &str) -> Self {
        let mut authority = CertificateParams::new([]).expect("no names");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().expect("a key");
        let authority_certificate = authority.self_signed(&authority_key).expect("a certificate");

        let server = CertificateParams::new([name.to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let issuer = Issuer::new(authority, authority_key);
        let certificate = server.signed_by(&key, &issuer).expect("a certificate");

        let directory = tempfile::tempdir().expect("a temporary directory");
        for (file, pem) in [
            ("ca.pem", authority_certificate.pem()),
            ("server.pem", certificate.pem()),
            ("server.key", key.serialize_pem()),
        ] {
            std::fs::write(directory.path().join(file), pem).expect("a file");
        }
        Self { directory }
    }

    /// The path of the authority's certificate.
    pub fn authority(&self) -> String {
        self.path("ca.pem")
    }

    /// The options with which `redis-server` speaks TLS on a port.
    pub fn redis_options(&self, port: u16) -> Vec<String> {
        let options = [
            ("--tls-port", port.to_string()),
            ("--tls-cert-file", self.path("server.pem")),
            ("--tls-key-file", self.path("server.key")),
            ("--tls-ca-cert-file", self.authority()),
            ("--tls-auth-clients", "no".to_owned()),
        ];
        options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    }

    fn path(&self, file: &str) -> String {
        self.directory.path().join(file).to_string_lossy().into_owned()
    }
}
