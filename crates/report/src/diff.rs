//! What is another than in an earlier run, for people: what broke, what healed, and what is seen otherwise.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plumb_model::report::CheckReport;
use plumb_model::{Report, Reports, Severity, Verdict};

use crate::danger;
use crate::findings::{self, Standing};
use crate::terminal::{Ink, Style};
use crate::text::{clipped, counted, inert, visible_line};

/// How a requirement came from one run to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Broke,
    Healed,
    Otherwise,
}

/// The difference between two runs.
#[derive(Debug)]
pub struct Differences<'a> {
    /// By each revision that both judged by, which is named if there are several.
    by: Vec<(Option<&'a str>, Difference<'a>)>,
    /// Revisions that only the later run judged by, and those that only the earlier one did.
    only: (Vec<&'a str>, Vec<&'a str>),
}

impl<'a> Differences<'a> {
    /// What became of the requirements of an earlier run in a later one: by the same revision; by whatever revisions they were
    /// judged, if each run has one.
    pub fn between(earlier: &'a Reports, later: &'a Reports) -> Self {
        if let (Some(earlier), Some(later)) = (earlier.only(), later.only()) {
            let by = vec![(None, Difference::between(earlier, later))];
            return Self { by, only: (Vec::new(), Vec::new()) };
        }
        let by = later.iter().filter_map(|later| {
            let revision = later.run.revision.as_str();
            let earlier = earlier.by(revision)?;
            Some((Some(revision), Difference::between(earlier, later)))
        });
        let only = |these: &'a Reports, others: &Reports| {
            let revisions = these.revisions().into_iter();
            revisions.filter(|revision| others.by(revision).is_none()).collect()
        };
        Self { by: by.collect(), only: (only(later, earlier), only(earlier, later)) }
    }

    /// Whether something broke that fails a run.
    pub fn fails(&self) -> bool {
        self.by.iter().any(|(_, difference)| difference.fails())
    }

    /// The differences for people.
    pub fn told(&self, style: &Style) -> String {
        let ink = Ink { colour: style.colour };
        let mut out = String::new();
        for (revision, difference) in &self.by {
            if let Some(revision) = revision {
                let _ = writeln!(out, "{}", ink.frame(format!("by {}", visible_line(revision))));
            }
            out.push_str(&difference.told(style));
        }
        for (revisions, title) in
            [(&self.only.0, "judged by only now"), (&self.only.1, "not judged by any more")]
        {
            if !revisions.is_empty() {
                let _ = writeln!(out, "{title}: {}", visible_line(&revisions.join(", ")));
            }
        }
        inert(&out).into_owned()
    }
}

/// The difference by one revision.
#[derive(Debug)]
pub struct Difference<'a> {
    changed: Vec<(Way, Standing, &'a CheckReport)>,
    /// Requirements that only the later run judged, and those that only the earlier one did.
    only: (Vec<&'a str>, Vec<&'a str>),
    words: [String; 2],
}

impl<'a> Difference<'a> {
    /// What became of the requirements of an earlier run in a later one.
    pub fn between(earlier: &'a Report, later: &'a Report) -> Self {
        let before: BTreeMap<&str, &CheckReport> =
            earlier.checks.iter().map(|c| (c.info.id.as_str(), c)).collect();
        let after: BTreeMap<&str, &CheckReport> =
            later.checks.iter().map(|c| (c.info.id.as_str(), c)).collect();
        let only = |these: &'a Report, others: &BTreeMap<&str, &CheckReport>| {
            let ids = these.checks.iter().map(|c| c.info.id.as_str());
            ids.filter(|id| !others.contains_key(id)).collect::<Vec<_>>()
        };
        let mut changed: Vec<_> = later
            .checks
            .iter()
            .filter_map(|check| {
                let was = Standing::of(before.get(check.info.id.as_str())?);
                let is = Standing::of(check);
                (was != is).then(|| (way(was, is), was, check))
            })
            .collect();
        changed.sort_by_key(|(_, _, check)| danger::rank(check));
        let words = [earlier, later].map(findings::outcome_words);
        Self { changed, only: (only(later, &before), only(earlier, &after)), words }
    }

    /// Whether something broke that fails a run.
    pub fn fails(&self) -> bool {
        let grave = |check: &CheckReport| {
            matches!(check.verdict, Verdict::Violated { .. })
                && check.known.is_none()
                && check.severity() == Severity::Failure
        };
        self.changed.iter().any(|(way, _, check)| *way == Way::Broke && grave(check))
    }

    /// The difference for people.
    pub fn told(&self, style: &Style) -> String {
        let ink = Ink { colour: style.colour };
        let mut out = String::new();
        for (way, title) in [
            (Way::Broke, ink.failure("broke")),
            (Way::Healed, ink.good("healed")),
            (Way::Otherwise, ink.strong("seen otherwise")),
        ] {
            let changed: Vec<_> = self.changed.iter().filter(|(of, ..)| *of == way).collect();
            if changed.is_empty() {
                continue;
            }
            let count = counted(changed.len(), "requirement");
            let _ = writeln!(out, "{title}: {count}");
            for (_, was, check) in changed {
                let is = Standing::of(check);
                let id = visible_line(&check.info.id);
                let _ = writeln!(out, "  {id}: {} → {}", was.one(), is.one());
                if let (Way::Broke, Verdict::Violated { actual, .. }) = (way, &check.verdict) {
                    let actual = visible_line(actual);
                    let room = style.width.saturating_sub(4);
                    let _ = writeln!(out, "    {}", clipped(&actual, room));
                }
            }
            out.push('\n');
        }
        for (ids, title) in
            [(&self.only.0, "judged only now"), (&self.only.1, "not judged any more")]
        {
            if !ids.is_empty() {
                let _ = writeln!(out, "{title}: {}\n", visible_line(&ids.join(", ")));
            }
        }
        if out.is_empty() {
            out.push_str("nothing changed\n");
        }
        let [was, is] = &self.words;
        let _ = writeln!(out, "{was} → {is}");
        inert(&out).into_owned()
    }
}

fn way(was: Standing, is: Standing) -> Way {
    let gravity = |standing: Standing| match standing {
        Standing::Failure => 3,
        Standing::Warning => 2,
        Standing::Note => 1,
        _ => 0,
    };
    match (gravity(was), gravity(is)) {
        (was, is) if is > was => Way::Broke,
        (was, 0) if was > 0 && is == Standing::Held => Way::Healed,
        _ => Way::Otherwise,
    }
}
