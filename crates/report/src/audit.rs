//! The reports of an audit: what a server of an earlier revision has to change, as a list to work off.

mod markdown;
mod terminal;

use plumb_model::Audit;
use plumb_model::audit::{Item, Progress, State};

use crate::text::{counted, visible_line};

pub use crate::html::audit::render as html;
pub use markdown::render as markdown;
pub use terminal::{first_lines, render as terminal};

/// The audit as JSON over several lines; it is what `--since` reads.
pub fn json(audit: &Audit) -> String {
    // Writing into memory fails for no document of ours.
    serde_json::to_string_pretty(audit).map(|text| text + "\n").unwrap_or_default()
}

/// How many items are in each state, in words.
fn counts(audit: &Audit) -> String {
    let states = [State::Found, State::NotFound, State::NotObservable];
    states.map(|state| format!("{} {}", audit.count(state), state.words())).join(" · ")
}

/// What an earlier audit had, in words; `None` without one.
pub(crate) fn since(audit: &Audit) -> Option<String> {
    let count = |wanted| audit.items.iter().filter(|i| i.progress() == Some(wanted)).count();
    audit.items.iter().any(|item| item.before.is_some()).then(|| {
        format!(
            "since then: {} done · {} left · {} new · {} no longer observable",
            count(Progress::Done),
            count(Progress::Left),
            count(Progress::New),
            count(Progress::Unknown)
        )
    })
}

/// What is said of the server, a line each.
pub(crate) fn facts(audit: &Audit) -> Vec<String> {
    let target = &audit.target;
    let spoken = match audit.spoken.as_slice() {
        [] => "no revision with a handshake".to_owned(),
        spoken if target.era == "dual" => format!("{}, {}", audit.revision, spoken.join(", ")),
        spoken => spoken.join(", "),
    };
    let server = target.server.as_deref().unwrap_or("a server that does not name itself");
    let mut facts = vec![format!("{server} · {} · speaks {spoken}", target.transport)];
    if let Some(sdk) = &audit.sdk {
        facts.push(format!("made with {} ({})", sdk.package, sdk.shown_by));
        if target.era == "legacy" {
            facts.push(format!("{} is spoken by {}", audit.revision, sdk.next));
        }
    }
    facts.iter().map(|fact| visible_line(fact).into_owned()).collect()
}

/// The items that are told fully: what is found, and what was found before.
pub(crate) fn told(item: &&Item) -> bool {
    item.state == State::Found || item.progress() == Some(Progress::Done)
}

/// How many items a heading stands for.
fn number(n: usize) -> String {
    if n == 0 { "nothing found".into() } else { counted(n, "item") }
}

#[cfg(test)]
mod tests {
    use plumb_model::audit::Sdk;
    use plumb_model::event::TargetInfo;

    use super::*;

    #[test]
    fn a_server_of_both_eras_speaks_the_newest_revision_by_the_sdk_that_it_has() {
        let told = |era: &str| {
            let sdk = Sdk {
                package: "a-kit".into(),
                version: None,
                shown_by: "its name".into(),
                next: "a-kit 2".into(),
            };
            let target = TargetInfo { era: era.into(), ..TargetInfo::default() };
            facts(&Audit {
                format: 1,
                plumb: String::new(),
                revision: "2026-07-28".into(),
                started: String::new(),
                took: 0,
                target,
                spoken: vec!["2025-11-25".into()],
                sdk: Some(sdk),
                items: Vec::new(),
                remarks: Vec::new(),
                exchanges: Vec::new(),
            })
            .join("; ")
        };
        let (dual, legacy) = (told("dual"), told("legacy"));
        assert!(dual.contains("speaks 2026-07-28, 2025-11-25; made with a-kit"), "{dual}");
        assert!(!dual.contains("is spoken by"), "{dual}");
        assert!(legacy.contains("speaks 2025-11-25; "), "{legacy}");
        assert!(legacy.contains("2026-07-28 is spoken by a-kit 2"), "{legacy}");
    }
}
