//! What a broken requirement endangers.

use crate::{CheckInfo, Level, Requirement};

/// What a broken requirement endangers, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// Somebody's data, rights or machine.
    Security,
    /// That peers that keep the text work with the target.
    Interoperability,
    /// How well people are served.
    Polish,
}

/// Pages and ids that speak of security.
const SECURE_PAGES: [&str; 2] = ["basic/authorization", "security"];
const SECURE_IDS: [&str; 12] = [
    "auth.",
    "authsec.",
    "http.origin.",
    "http.bind",
    "http.authenticate",
    "mrtr.state-",
    "base.stateless.",
    "caching.scope",
    "patterns.listen-scope",
    "tasks.auth",
    "client.token.",
    "client.iss.",
];
/// What addresses and ids of requirements about security hold.
const SECURE_WORDS: [&str; 5] = [".sec.", "security", "credential", "secret", "traversal"];
/// Ids of what people see.
const SEEN_BY_PEOPLE: [&str; 6] =
    ["icons.", ".title", "server-info", "description", ".instructions", "annotations"];

impl Danger {
    /// All of them, gravest first.
    pub const ALL: [Self; 3] = [Self::Security, Self::Interoperability, Self::Polish];

    /// What breaking the requirement of a check endangers.
    pub fn of(info: &CheckInfo) -> Self {
        let anchor = info.url.rsplit_once('#').map_or("", |(_, anchor)| anchor);
        Self::told(&info.id, &info.page, anchor, info.level)
    }

    /// What breaking a requirement endangers.
    pub fn of_requirement(row: &Requirement) -> Self {
        Self::told(&row.id, &row.page, &row.anchor, row.level)
    }

    fn told(id: &str, page: &str, anchor: &str, level: Level) -> Self {
        let secure = SECURE_PAGES.iter().any(|p| page.contains(p))
            || SECURE_IDS.iter().any(|start| id.starts_with(start))
            || SECURE_WORDS.iter().any(|word| id.contains(word) || anchor.contains(word));
        let weak = !matches!(level, Level::Must | Level::MustNot);
        match level {
            _ if secure => Self::Security,
            Level::May | Level::Advice => Self::Polish,
            _ if weak && SEEN_BY_PEOPLE.iter().any(|word| id.contains(word)) => Self::Polish,
            _ => Self::Interoperability,
        }
    }

    /// The word for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Interoperability => "interoperability",
            Self::Polish => "polish",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_endangers_what_its_sentence_is_about() {
        let edition = crate::Edition::latest();
        let of = |id: &str| Danger::of(&edition.info(id, String::new()).expect("in the ledger"));
        assert_eq!(of("http.origin.invalid-403"), Danger::Security);
        assert_eq!(of("mrtr.state-integrity"), Danger::Security);
        assert_eq!(of("base.response.same-id"), Danger::Interoperability);
        assert_eq!(of("base.meta.server-info"), Danger::Polish);
    }
}
