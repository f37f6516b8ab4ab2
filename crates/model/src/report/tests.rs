//! Folding events into a report.

use super::*;

fn stream() -> Vec<Event> {
    let edition = crate::Edition::latest();
    let info = edition.info("base.response.same-id", String::new()).expect("in the ledger");
    let run = RunStarted {
        format: crate::event::FORMAT,
        plumb: "0".into(),
        revision: edition.revision.clone(),
        started: "2026-01-01T00:00:00Z".into(),
        seed: 1,
        suite: "core".into(),
        policy: crate::suite::Policy::default(),
        target: crate::event::TargetInfo::default(),
        checks: vec![info],
        known: BTreeMap::new(),
        positions: vec![],
        judged_by: None,
    };
    let check = || "base.response.same-id".to_owned();
    vec![
        Event::RunStarted(Box::new(run)),
        Event::CheckStarted { check: check(), at: 1 },
        Event::CheckFinished { check: check(), at: 3, verdict: Verdict::Held },
        Event::RunFinished { at: 4, internal_faults: vec![], remarks: vec![], left_out: 0 },
    ]
}

fn jsonl(events: &[Event]) -> String {
    events.iter().map(|e| serde_json::to_string(e).expect("serialises") + "\n").collect()
}

#[test]
fn a_replay_equals_the_live_run() {
    let live = Report::fold(stream()).expect("folds");
    assert_eq!(Report::from_jsonl(&jsonl(&stream())).expect("folds"), live);
    assert_eq!(live.outcome(), Outcome::Conformant);
}

#[test]
fn a_cut_stream_is_the_report_of_an_interrupted_run() {
    let text = jsonl(&stream());
    let remark = |n| vec![format!("the run was interrupted: {n} requirements have no verdict")];
    let within_a_line = Report::from_jsonl(&text[..text.len() - 10]).expect("folds");
    assert_eq!((within_a_line.remarks, within_a_line.took), (remark(0), 3));
    let lines: Vec<&str> = text.lines().collect();
    let between = Report::from_jsonl(&format!("{}\n", lines[..2].join("\n"))).expect("folds");
    assert_eq!(between.remarks, remark(1));
    assert_eq!(between.outcome(), Outcome::Inconclusive);
    assert_eq!(Report::from_jsonl(""), Err(FoldError::NoStart));
}

#[test]
fn a_live_run_that_breaks_off_is_a_fault_of_ours() {
    assert_eq!(Report::fold(stream().into_iter().take(2)), Err(FoldError::CutOff(1)));
    assert_eq!(Report::fold(stream().into_iter().take(3)), Err(FoldError::CutOff(0)));
}

#[test]
fn a_contradiction_is_named() {
    let mut events = stream();
    events.insert(3, events[2].clone());
    assert!(matches!(Report::fold(events), Err(FoldError::Contradiction { at: 4, .. })));
}

#[test]
fn a_known_violation_passes_and_a_gone_one_is_stale() {
    let mut events = stream();
    let Event::RunStarted(run) = &mut events[0] else { unreachable!() };
    run.known.insert("base.response.same-id".into(), "tracked".into());
    assert_eq!(Report::fold(events.clone()).expect("folds").outcome(), Outcome::StaleKnown);
    let Event::CheckFinished { verdict, .. } = &mut events[2] else { unreachable!() };
    *verdict = Verdict::violated("a", "b");
    assert_eq!(Report::fold(events).expect("folds").outcome(), Outcome::Conformant);
}

#[test]
fn a_violation_that_rests_on_a_position_of_the_other_side_fails_no_run() {
    let mut events = stream();
    let Event::CheckFinished { verdict, .. } = &mut events[2] else { unreachable!() };
    *verdict = Verdict::violated("a", "b");
    let failed = Report::fold(events.clone()).expect("folds");
    assert_eq!(failed.outcome(), Outcome::Violations);
    let Event::RunStarted(run) = &mut events[0] else { unreachable!() };
    run.policy.strict = true;
    let position = run.checks[0].positions[0].clone();
    let other = crate::OtherSides(BTreeMap::from([(position.clone(), "why".into())]));
    run.positions = crate::Edition::latest().positions.cited([], &other);
    let report = Report::fold(events).expect("folds");
    assert_eq!(report.outcome(), Outcome::Conformant);
    assert_eq!((report.counts().disputed, report.counts().failures), (1, 0));
    assert_eq!(report.checks[0].disputed.as_ref().map(|p| &p.id), Some(&position));
}
