//! A certificate authority that lives as long as the run.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::StartError;
use super::profile::Certificate;
use crate::mint::SigningKey;

/// A certificate authority made for this run; clones are the same authority.
#[derive(Clone)]
pub struct Authority(Arc<Inner>);

struct Inner {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: CertificateDer<'static>,
}

impl Authority {
    /// Makes an authority.
    pub fn generate() -> Result<Self, StartError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "Plumb test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?;
        Ok(Self(Arc::new(Inner {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        })))
    }

    /// Its certificate as PEM: what clients are told to trust.
    pub fn pem(&self) -> &str {
        &self.0.pem
    }

    /// Its certificate as DER.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    pub(super) fn certificate(&self) -> CertificateDer<'static> {
        self.0.der.clone()
    }

    /// What a server on this machine needs to speak TLS under a name; `localhost` and the loopback
    /// addresses are always among its names.
    pub fn server_config(
        &self,
        host: &str,
        certificate: Certificate,
    ) -> Result<Arc<ServerConfig>, StartError> {
        let names = match certificate {
            Certificate::OtherHost => vec!["other-host.invalid".to_owned()],
            Certificate::Good | Certificate::Expired => {
                let mut names = vec!["localhost", "127.0.0.1", "::1", host];
                names.sort_unstable();
                names.dedup();
                names.into_iter().map(str::to_owned).collect()
            }
        };
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "Plumb authorization server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if certificate == Certificate::Expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 2);
        }
        let key = KeyPair::generate()?;
        let leaf = params.signed_by(&key, &self.0.issuer)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

/// A certificate on a signing key, signed by itself: what an `x5u` header points to.
pub(super) fn self_signed(key: &SigningKey) -> Result<String, StartError> {
    let pair = KeyPair::try_from(key.pkcs8())?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "stranger");
    Ok(params.self_signed(&pair)?.pem())
}
