//! The recording of a run as a bundle carries it: in the order of the ledger, whatever order things came in, with the
//! evidence of findings alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use plumb_model::event::CaseFinished;
use plumb_model::report::CheckReport;
use plumb_model::{Event, Exchange, Report, Verdict};

/// The events of a run, each thing once and at its place, so that the same verdicts on the same evidence give the same
/// events. Exchanges are numbered in the order in which findings rest on them.
pub fn distilled(report: &Report) -> Vec<Event> {
    let mut seen = Seen { report, numbers: BTreeMap::new() };
    let mut events = vec![Event::RunStarted(Box::new(report.run.clone()))];
    for check in &report.checks {
        let id = check.info.id.clone();
        events.push(Event::CheckStarted { check: id.clone(), at: 0 });
        for case in &check.cases {
            let case = seen.case(case, &mut events);
            events.push(Event::CaseFinished(case));
        }
        let verdict = check.verdict.clone();
        events.push(Event::CheckFinished { check: id, at: check.took, verdict });
    }
    let (internal_faults, remarks) = (report.internal_faults.clone(), report.remarks.clone());
    // How much else there was differs from run to run.
    let (at, left_out) = (report.took, 0);
    events.push(Event::RunFinished { at, internal_faults, remarks, left_out });
    events
}

/// The verdicts of a run without its times and its evidence: what two runs of the same target have in common. Which cases a
/// verdict rests on is not: a target that answers slowly, if only for what else the machine does, is asked less.
pub fn verdicts_alone(checks: &[CheckReport]) -> Vec<serde_json::Value> {
    let told = |check: &CheckReport| {
        let (id, verdict) = (&check.info.id, check.verdict.name());
        serde_json::json!({"id": id, "verdict": verdict})
    };
    checks.iter().map(told).collect()
}

struct Seen<'a> {
    report: &'a Report,
    /// The number that an exchange had, and has now.
    numbers: BTreeMap<u64, u64>,
}

impl Seen<'_> {
    /// A case with the exchanges that it rests on numbered anew, if it is a finding; those that are new are told before it.
    fn case(&mut self, case: &CaseFinished, events: &mut Vec<Event>) -> CaseFinished {
        let finding = matches!(case.verdict, Verdict::Violated { .. });
        let rests_on = if finding { case.exchanges.as_slice() } else { &[] };
        let mut exchanges = Vec::new();
        for seq in rests_on {
            if let Some(known) = self.numbers.get(seq) {
                exchanges.push(*known);
            } else if let Some(exchange) = self.report.exchanges.get(seq) {
                let number = self.numbers.len() as u64 + 1;
                self.numbers.insert(*seq, number);
                let exchange = Exchange { seq: number, ..Exchange::clone(exchange) };
                events.push(Event::Exchanged(Arc::new(exchange)));
                exchanges.push(number);
            }
        }
        // How often something was seen to hold follows from chance and tells nothing.
        let count = if finding { case.count } else { 1 };
        // Whether there was time to try it again follows from chance, too.
        CaseFinished { exchanges, count, again: None, ..case.clone() }
    }
}
