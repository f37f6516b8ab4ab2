//! A check that judges several requirements: its verdict is told of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use plumb_model::Event;
use plumb_model::event::CaseFinished;

use crate::Check;
use crate::record::Sink;

/// A sink in which what a check says is said of every requirement that it judges and that the run's start announced.
pub(crate) fn told_of_each(registry: &[&'static Check], sink: Sink) -> Sink {
    let shared = registry.iter().filter(|c| !c.judges.is_empty());
    let shared: BTreeMap<&str, Vec<&str>> = shared.map(|c| (c.id, c.rows().collect())).collect();
    let announced: OnceLock<BTreeSet<String>> = OnceLock::new();
    Box::new(move |event| {
        if let Event::RunStarted(run) = &event {
            // The cell is empty: a run starts once.
            let _ = announced.set(run.checks.iter().map(|c| c.id.clone()).collect());
        }
        let Some(rows) = speaker(&event).and_then(|check| shared.get(check)) else {
            return sink(event);
        };
        for row in rows.iter().filter(|row| announced.get().is_some_and(|a| a.contains(**row))) {
            sink(said_of(&event, row));
        }
    })
}

/// The check whose event it is.
fn speaker(event: &Event) -> Option<&str> {
    match event {
        Event::CheckStarted { check, .. }
        | Event::CheckFinished { check, .. }
        | Event::CaseFinished(CaseFinished { check, .. }) => Some(check),
        Event::RunStarted(_) | Event::Exchanged(_) | Event::RunFinished { .. } => None,
    }
}

fn said_of(event: &Event, row: &str) -> Event {
    let mut event = event.clone();
    if let Event::CheckStarted { check, .. }
    | Event::CheckFinished { check, .. }
    | Event::CaseFinished(CaseFinished { check, .. }) = &mut event
    {
        row.clone_into(check);
    }
    event
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use plumb_model::event::{FORMAT, RunStarted, TargetInfo};
    use plumb_model::{Edition, Verdict};

    use super::*;

    crate::check! {
        /// Docs.
        SHARED = "patterns.no-server-requests";
        judges: ["transport.directions", "mrtr.use-mrtr"];
        passive: |_, _| {}
    }

    fn start(ids: &[&str]) -> Event {
        let edition = Edition::latest();
        let info = |id: &&str| edition.info(id, String::new()).unwrap();
        Event::RunStarted(Box::new(RunStarted {
            format: FORMAT,
            plumb: "0".into(),
            revision: edition.revision.clone(),
            revisions: Vec::new(),
            started: "2026-01-01T00:00:00Z".into(),
            seed: 1,
            suite: "core".into(),
            policy: plumb_model::suite::Policy::default(),
            target: TargetInfo::default(),
            checks: ids.iter().map(info).collect(),
            known: BTreeMap::new(),
            positions: vec![],
            judged_by: None,
        }))
    }

    fn told(planned: &[&str], event: Event) -> Vec<String> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let sink: Sink = Box::new(move |event| kept.lock().unwrap().push(event));
        let sink = told_of_each(&[&SHARED], sink);
        sink(start(planned));
        sink(event);
        let seen = seen.lock().unwrap();
        seen.iter().filter_map(speaker).map(str::to_owned).collect()
    }

    fn held(check: &str) -> Event {
        Event::CheckFinished { check: check.into(), at: 1, verdict: Verdict::Held }
    }

    #[test]
    fn a_verdict_is_told_of_every_requirement_of_the_plan() {
        let planned = ["patterns.no-server-requests", "mrtr.use-mrtr"];
        assert_eq!(told(&planned, held(SHARED.id)), planned);
        assert_eq!(told(&["mrtr.use-mrtr"], held(SHARED.id)), ["mrtr.use-mrtr"]);
    }

    #[test]
    fn other_verdicts_pass_as_they_are() {
        assert_eq!(told(&["base.response.same-id"], held("base.response.same-id")).len(), 1);
    }
}
