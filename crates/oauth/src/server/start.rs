//! What a server is made of, and its start.

use std::collections::VecDeque;
use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::cimd::Fetcher;
use super::client::preregistered;
use super::listener::TlsListener;
use super::log::Log;
use super::shared::Shared;
use super::{Bind, Client, Decision, Embedded, Profile, Running, Tenant, certificates, routes};
use crate::mint::{Algorithm, KeyRing, Owner, Realm};
use crate::{Clock, Collected, Mint, MintError, draw::Draw};

/// What all tenants share, the tenants, and what answers requests to them.
type Parts = (Arc<Shared>, Vec<Arc<Tenant>>, axum::Router);

/// The path of the tenant that nobody should trust.
const STRANGER: &str = "/stranger";

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address could not be bound.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// No keys.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// No certificate.
    #[error("no certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS could not be set up.
    #[error("no TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A root certificate could not be read.
    #[error("no root certificate: {0}")]
    Root(#[from] rustls::pki_types::pem::Error),
    /// There is no tenant.
    #[error("no tenant: name at least one path, the empty one if need be")]
    NoTenant,
    /// A tenant's path is not one.
    #[error("`{0}` is no path for a tenant: use segments of letters, digits, `-`, `_` and `.`")]
    Path(String),
}

/// An authorization server that has not started yet.
#[derive(Debug)]
pub struct AuthorizationServer {
    profile: Profile,
    tenants: Vec<String>,
    scopes: Vec<String>,
    resources: Vec<String>,
    decision: Decision,
    clients: Vec<Client>,
    roots: Vec<CertificateDer<'static>>,
    seed: u64,
    clock: Clock,
    secrets: Collected,
}

impl AuthorizationServer {
    /// Starts a server with everything else by default.
    pub async fn start(profile: Profile, bind: Bind) -> Result<Running, StartError> {
        Self::of(profile).serve(bind).await
    }

    /// A server with three issuers (without a path, `/one`, `/two`), the scopes `mcp:read` and `mcp:write`,
    /// tokens for any resource, and a user who approves of everything.
    pub fn of(profile: Profile) -> Self {
        Self {
            profile,
            tenants: ["", "/one", "/two"].map(str::to_owned).to_vec(),
            scopes: ["mcp:read", "mcp:write"].map(str::to_owned).to_vec(),
            resources: Vec::new(),
            decision: Decision::Approve,
            clients: Vec::new(),
            roots: Vec::new(),
            seed: 0,
            clock: Clock::system(),
            secrets: Collected::default(),
        }
    }

    /// With these tenants, by path; the first is the main one. The empty path is an issuer without one.
    pub fn tenants<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.tenants = paths.into_iter().map(Into::into).collect();
        self
    }

    /// With these scopes; `openid` and `offline_access` come on top.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// With tokens for these resources only (RFC 8707 section 2, `invalid_target`).
    pub fn resources<S: Into<String>>(mut self, resources: impl IntoIterator<Item = S>) -> Self {
        self.resources = resources.into_iter().map(Into::into).collect();
        self
    }

    /// With a user who decides so, when no script says otherwise.
    pub fn decision(mut self, decision: Decision) -> Self {
        self.decision = decision;
        self
    }

    /// With one more client that every tenant knows.
    pub fn client(mut self, client: Client) -> Self {
        self.clients.push(client);
        self
    }

    /// Trusting one more authority (PEM) when it fetches metadata documents.
    pub fn trust(mut self, pem: &str) -> Result<Self, StartError> {
        self.roots.push(CertificateDer::from_pem_slice(pem.as_bytes())?);
        Ok(self)
    }

    /// With this seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// With this clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Noting its secrets in this collection.
    pub fn secrets(mut self, secrets: Collected) -> Self {
        self.secrets = secrets;
        self
    }

    /// Starts it.
    pub async fn serve(mut self, bind: Bind) -> Result<Running, StartError> {
        self.check()?;
        let listener = TcpListener::bind(bind.address).await?;
        let address = listener.local_addr()?;
        self.roots.extend(bind.authority.iter().map(super::Authority::certificate));
        let (shared, tenants, router) = self.parts(bind.base(address.port()))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let until = async {
            // An error means that the handle is gone: that, too, is the end.
            let _ = stopped.await;
        };
        let task = if let Some(authority) = &bind.authority {
            let config = authority.server_config(&bind.host, self.profile.certificate)?;
            let tls = TlsListener::over(listener, address, config);
            tokio::spawn(axum::serve(tls, router).with_graceful_shutdown(until).into_future())
        } else {
            tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(until).into_future())
        };
        Ok(Running::new(shared, tenants, address, bind.authority, stop, task))
    }

    /// A server that does not listen: whoever listens at this base, such as `http://127.0.0.1:9000`, hands its requests
    /// over.
    pub fn embed(mut self, base: impl Into<String>) -> Result<Embedded, StartError> {
        self.check()?;
        let (_, tenants, router) = self.parts(base.into())?;
        Ok(Embedded::new(tenants, router))
    }

    fn check(&self) -> Result<(), StartError> {
        match self.tenants.iter().find(|path| !is_path(path)) {
            Some(bad) => Err(StartError::Path(bad.clone())),
            None if self.tenants.is_empty() => Err(StartError::NoTenant),
            None => Ok(()),
        }
    }

    /// What answers requests to this base.
    fn parts(&mut self, base: String) -> Result<Parts, StartError> {
        let shared = Arc::new(Shared {
            profile: self.profile,
            base,
            scopes: self.scopes.clone(),
            resources: self.resources.clone(),
            default_decision: self.decision.clone(),
            script: Mutex::new(VecDeque::new()),
            log: Arc::new(Log::default()),
            fetcher: Fetcher::trusting(std::mem::take(&mut self.roots))?,
        });
        let tenants = self.issuers(&shared)?;
        let stranger = tenants.last().cloned().ok_or(StartError::NoTenant)?;
        let certificate = certificates::self_signed(&*stranger.mint.keys.current()?)?;
        let router = routes::router(&shared, &tenants, &stranger, certificate);
        Ok((shared, tenants, router))
    }

    /// The tenants, and the stranger as the last one.
    fn issuers(&self, shared: &Arc<Shared>) -> Result<Vec<Arc<Tenant>>, StartError> {
        let draw = Draw::seeded(self.seed);
        let algorithms = if self.profile.algorithms.is_empty() {
            &Algorithm::ALL
        } else {
            self.profile.algorithms
        };
        let keys = KeyRing::generate(Owner::Server, algorithms, &draw)?;
        let stranger_keys = KeyRing::generate(Owner::Stranger, algorithms, &draw)?;
        let mut clients = preregistered(&draw);
        clients.extend(self.clients.iter().cloned());
        let base = &shared.base;
        let issuer = |path: &str| format!("{base}{path}");
        let strange = issuer(STRANGER);
        let make = |path: &str| {
            let (own, other) =
                if path == STRANGER { (&stranger_keys, &keys) } else { (&keys, &stranger_keys) };
            let mint = Mint {
                realm: Realm {
                    issuer: issuer(path),
                    other_tenant: self.tenants.iter().find(|t| *t != path).map(|t| issuer(t)),
                    stranger: strange.clone(),
                    stranger_jwks: format!("{strange}/jwks"),
                    stranger_certificate: format!("{strange}/x5u.pem"),
                },
                keys: own.clone(),
                stranger: other.clone(),
                clock: self.clock.clone(),
                draw: draw.clone(),
                secrets: self.secrets.clone(),
            };
            Arc::new(Tenant::new(Arc::clone(shared), path.to_owned(), mint, clients.clone()))
        };
        let paths = self.tenants.iter().map(String::as_str).chain([STRANGER]);
        Ok(paths.map(make).collect())
    }
}

fn is_path(path: &str) -> bool {
    let segment = |s: &str| {
        !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    path.is_empty()
        || (path != STRANGER
            && path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment)))
}
