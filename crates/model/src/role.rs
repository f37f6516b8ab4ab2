//! Roles: who can be judged, and so whom a requirement binds.

use serde::{Deserialize, Serialize};

use crate::ledger::{Observe, Party};
use crate::{Level, Requirement};

/// Who is judged.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// An MCP server, which is asked.
    #[default]
    Server,
    /// An MCP client, which is answered.
    Client,
    /// An authorization server, which is visited.
    AuthorizationServer,
    /// A gateway before a server, which is asked what the server is asked.
    Intermediary,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Server, Self::Client, Self::AuthorizationServer, Self::Intermediary];

    /// The word of the command line and of reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::AuthorizationServer => "authorization-server",
            Self::Intermediary => "intermediary",
        }
    }

    /// The role of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// In prose, with its article.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Server => "a server",
            Self::Client => "a client",
            Self::AuthorizationServer => "an authorization server",
            Self::Intermediary => "an intermediary",
        }
    }

    pub(crate) fn is_server(&self) -> bool {
        *self == Self::Server
    }
}

impl Party {
    /// The roles that it stands for; a host has none, so no run can judge it.
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::Server => &[Role::Server],
            Self::Client => &[Role::Client],
            Self::Both => &[Role::Server, Role::Client],
            Self::AuthorizationServer => &[Role::AuthorizationServer],
            Self::Intermediary => &[Role::Intermediary],
            Self::Host => &[],
        }
    }
}

impl Requirement {
    /// Whether it binds who has this role. What only an authorization server shows is demanded of it and of clients, and of
    /// no server.
    pub fn binds(&self, role: Role) -> bool {
        let shown_by_issuers = self.observe == Observe::As;
        match role {
            Role::Server if shown_by_issuers => false,
            Role::AuthorizationServer if shown_by_issuers => true,
            _ => self.party.roles().contains(&role),
        }
    }

    /// Whether it demands something of this role, as advice of ours does not.
    pub fn demands_of(&self, role: Role) -> bool {
        self.binds(role) && self.level != Level::Advice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Edition;

    #[test]
    fn a_word_names_one_role() {
        for role in Role::ALL {
            assert_eq!(Role::of_word(role.word()), Some(role));
            assert_eq!(serde_json::to_value(role).ok(), Some(role.word().into()));
        }
        assert_eq!(Role::of_word("proxy"), None);
    }

    #[test]
    fn the_ledger_binds_every_role() {
        let ledger = Edition::latest().ledger;
        for role in Role::ALL {
            assert!(ledger.rows().iter().any(|row| row.demands_of(role)), "{}", role.word());
        }
    }
}
