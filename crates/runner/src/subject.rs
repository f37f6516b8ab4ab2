//! Who is judged, with what is known of it.

use std::sync::Arc;

use plumb_model::event::TargetInfo;
use plumb_model::{Edition, Role};
use serde_json::Value;

use crate::authorization_server::AuthorizationServer;
use crate::client::Client;
use crate::{Survey, Target};

/// The subject of a run, with what was learnt of it at the start.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// A server, which is asked: its checks work with a [`crate::Bench`].
    Server(Arc<Survey>),
    /// A gateway before a server that was looked at: its checks work with a [`crate::Bench`] that has both.
    Intermediary(Arc<Survey>),
    /// An authorization server, which is visited: its checks work with a [`crate::authorization_server::Visit`].
    AuthorizationServer(Arc<AuthorizationServer>),
    /// A client, which is answered: its checks read what was [received](crate::client::Received) of it.
    Client(Client),
}

impl Subject {
    /// Its role.
    pub(crate) fn role(&self) -> Role {
        match self {
            Self::Server(_) => Role::Server,
            Self::Intermediary(_) => Role::Intermediary,
            Self::AuthorizationServer(_) => Role::AuthorizationServer,
            Self::Client(_) => Role::Client,
        }
    }

    /// What a report says of it, at this address and by this edition.
    pub(crate) fn described(&self, address: String, edition: &Edition) -> TargetInfo {
        let role = self.role();
        match self {
            Self::Server(survey) | Self::Intermediary(survey) => TargetInfo {
                role,
                address,
                transport: survey.transport.name().into(),
                era: if edition.has_handshake() { "legacy" } else { era(survey) }.into(),
                server: survey.server.clone(),
                versions: survey.versions.clone(),
                capabilities: survey.capabilities.clone(),
                notes: survey.notes(),
            },
            Self::AuthorizationServer(server) => TargetInfo {
                role,
                address,
                transport: "http".into(),
                era: "authorization server".into(),
                server: None,
                versions: Vec::new(),
                capabilities: Value::Null,
                notes: server.notes(),
            },
            Self::Client(client) => TargetInfo {
                role,
                address,
                transport: client.transport.name().into(),
                era: client.era(edition).into(),
                server: client.name.clone(),
                versions: client.versions.clone(),
                capabilities: Value::Null,
                notes: client.notes(),
            },
        }
    }
}

impl Target {
    /// Who is judged there.
    pub fn role(&self) -> Role {
        match self {
            Self::Url(_) | Self::HttpCommand { .. } | Self::Stdio(_) => Role::Server,
            Self::Gateway(_) => Role::Intermediary,
            Self::AuthorizationServer(_) => Role::AuthorizationServer,
            Self::Client(_) | Self::LedClient(_) => Role::Client,
        }
    }
}

fn era(survey: &Survey) -> &'static str {
    match (&survey.legacy_only, survey.dual_era) {
        (Some(_), _) => "legacy",
        (None, _) if survey.era_undecided => "undecided",
        (None, true) => "dual",
        (None, false) => "modern",
    }
}
