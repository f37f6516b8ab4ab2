//! What a broken requirement endangers: the order in which findings are told.

use plumb_model::report::{CheckReport, Fact};
use plumb_model::{CheckInfo, Level, Report, Severity};

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

    /// What breaking a requirement endangers.
    pub fn of(info: &CheckInfo) -> Self {
        let (id, page) = (info.id.as_str(), info.page.as_str());
        let anchor = info.url.rsplit_once('#').map_or("", |(_, anchor)| anchor);
        let secure = SECURE_PAGES.iter().any(|p| page.contains(p))
            || SECURE_IDS.iter().any(|start| id.starts_with(start))
            || SECURE_WORDS.iter().any(|word| id.contains(word) || anchor.contains(word));
        let weak = !matches!(info.level, Level::Must | Level::MustNot);
        match info.level {
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

/// Where a finding stands among others: by what it endangers, then by weight, gravest first.
pub fn rank(check: &CheckReport) -> (Danger, std::cmp::Reverse<Severity>) {
    (Danger::of(&check.info), std::cmp::Reverse(check.severity()))
}

/// What was found broken, and what could not be judged of equal weight, as a reader wants it: by what it endangers, MUST
/// before SHOULD, and in the order of the plan.
pub fn ordered<'a>(report: &'a Report, told: impl Fn(&Fact<'a>) -> bool) -> Vec<Fact<'a>> {
    let by_weight = [Severity::Failure, Severity::Error, Severity::Warning, Severity::Note];
    let mut facts: Vec<Fact<'a>> =
        by_weight.iter().flat_map(|s| crate::findings::weighing(report, *s)).collect();
    facts.retain(|fact| told(fact));
    facts.sort_by_key(|fact| rank(fact.lead));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_endangers_what_its_sentence_is_about() {
        let edition = plumb_model::Edition::latest();
        let of = |id: &str| Danger::of(&edition.info(id, String::new()).expect("in the ledger"));
        assert_eq!(of("http.origin.invalid-403"), Danger::Security);
        assert_eq!(of("mrtr.state-integrity"), Danger::Security);
        assert_eq!(of("base.response.same-id"), Danger::Interoperability);
        assert_eq!(of("base.meta.server-info"), Danger::Polish);
    }
}
