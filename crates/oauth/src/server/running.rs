//! A server that runs, and what tests do with it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::shared::Shared;
use super::{Authority, Client, Decision, LoggedRequest, Profile, Tenant};
use crate::mint::{Access, Rotation, Token, TokenDeviation};
use crate::{Clock, Collected, MintError};

/// A running server; dropping it stops it. What concerns one issuer concerns the main tenant, unless
/// [`Running::tenant`] picks another.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    /// The stranger is the last one.
    tenants: Vec<Arc<Tenant>>,
    address: SocketAddr,
    authority: Option<Authority>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub(super) fn new(
        shared: Arc<Shared>,
        tenants: Vec<Arc<Tenant>>,
        address: SocketAddr,
        authority: Option<Authority>,
        stop: oneshot::Sender<()>,
        task: JoinHandle<std::io::Result<()>>,
    ) -> Self {
        Self { shared, tenants, address, authority, stop: Some(stop), task }
    }

    /// How it behaves.
    pub fn profile(&self) -> &Profile {
        &self.shared.profile
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The authority of its certificate, if it speaks TLS.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// The main tenant: the first one.
    pub fn main(&self) -> &Tenant {
        &self.tenants[0]
    }

    /// The tenant at a path, such as `/one`.
    pub fn tenant(&self, path: &str) -> Option<&Tenant> {
        self.tenants().find(|tenant| tenant.path == path)
    }

    /// All tenants but the stranger, the main one first.
    pub fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        let (_, tenants) = self.tenants.split_last().unzip();
        tenants.unwrap_or_default().iter().map(Arc::as_ref)
    }

    /// A complete authorization server of its own keys, whom nobody has been told to trust.
    pub fn stranger(&self) -> &Tenant {
        &self.tenants[self.tenants.len() - 1]
    }

    /// The main issuer identifier.
    pub fn issuer(&self) -> &str {
        self.main().issuer()
    }

    /// Where the JWKS of the main issuer stands.
    pub fn jwks_uri(&self) -> String {
        self.main().jwks_uri()
    }

    /// The scopes of the server's resources.
    pub fn scopes(&self) -> &[String] {
        &self.shared.scopes
    }

    /// The public client that the server knows from the start.
    pub fn public_client(&self) -> Option<Client> {
        self.main().preregistered("plumb-public")
    }

    /// The confidential client that the server knows from the start.
    pub fn confidential_client(&self) -> Option<Client> {
        self.main().preregistered("plumb-confidential")
    }

    /// The credentials by which a resource server introspects.
    pub fn resource_server(&self) -> Option<Client> {
        self.main().preregistered("plumb-resource-server")
    }

    /// A valid token of the main issuer.
    pub fn token(&self, access: &Access) -> Result<Token, MintError> {
        self.main().token(access)
    }

    /// A token that departs from the valid one in one way.
    pub fn broken(&self, access: &Access, deviation: TokenDeviation) -> Result<Token, MintError> {
        self.main().broken(access, deviation)
    }

    /// New keys for all tenants.
    pub fn rotate_keys(&self, rotation: Rotation) -> Result<(), MintError> {
        self.main().mint.keys.rotate(rotation)
    }

    /// What the user will decide, request by request, before the default decision returns. At most 1024
    /// decisions wait.
    pub fn decide(&self, decisions: impl IntoIterator<Item = Decision>) {
        self.shared.decide(decisions);
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.main().mint.clock
    }

    /// Every secret that it gave out.
    pub fn secrets(&self) -> &Collected {
        &self.main().mint.secrets
    }

    /// The last 1024 requests, the oldest first.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.log.all()
    }

    /// Stops it and waits until its last answer is out.
    pub async fn stop(mut self) {
        self.stop.take();
        // The task can only have been cancelled with its runtime.
        let _ = (&mut self.task).await;
    }
}
