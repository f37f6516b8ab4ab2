//! Folding events into a report.

use super::*;

fn stream() -> Vec<Event> {
    let edition = crate::Edition::latest();
    let info = edition.info("base.response.same-id", String::new()).expect("in the ledger");
    let run = RunStarted {
        format: crate::event::FORMAT,
        plumb: "0".into(),
        revision: edition.revision.clone(),
        revisions: Vec::new(),
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

/// The stream of a run by two revisions: what both judge holds by one, and is as given by the other.
fn dual(earlier: &Verdict) -> Vec<Event> {
    let revisions = ["2026-07-28", "2025-11-25"].map(str::to_owned);
    let by = |revision: &String, verdict: Verdict| {
        let mut events = stream();
        let Event::RunStarted(run) = &mut events[0] else { panic!("a start") };
        (run.revision, run.revisions) = (revision.clone(), revisions.to_vec());
        run.known = [("base.response.same-id".to_owned(), "issue 12".to_owned())].into();
        let Event::CheckFinished { verdict: slot, .. } = &mut events[2] else {
            panic!("a verdict")
        };
        *slot = verdict;
        events
    };
    let newest = by(&revisions[0], Verdict::Held);
    newest.into_iter().chain(by(&revisions[1], earlier.clone())).collect()
}

#[test]
fn a_run_by_two_revisions_has_two_reports_and_replays() {
    let events = dual(&Verdict::violated("a", "b"));
    let live = Reports::fold(events.clone()).expect("folds");
    assert_eq!(Reports::from_jsonl(&jsonl(&events)).expect("folds"), live);
    assert_eq!((live.revisions(), live.only()), (vec!["2026-07-28", "2025-11-25"], None));
    assert_eq!((live.counts().held, live.counts().known), (1, 1));
    assert!(matches!(Report::fold(events), Err(FoldError::Contradiction { at: 5, .. })));
}

#[test]
fn an_entry_of_the_known_list_is_stale_once_no_revision_needs_it() {
    let needed = Reports::fold(dual(&Verdict::violated("a", "b"))).expect("folds");
    assert!(needed.iter().all(|report| report.stale_known().is_empty()));
    assert_eq!(needed.outcome(), Outcome::Conformant);
    let stale = Reports::fold(dual(&Verdict::Held)).expect("folds");
    assert_eq!(stale.first().stale_known(), ["base.response.same-id"]);
    assert_eq!(stale.outcome(), Outcome::StaleKnown);
}

#[test]
fn a_run_that_breaks_off_between_two_revisions_is_not_conformant() {
    let events: Vec<Event> = dual(&Verdict::Held).into_iter().take(4).collect();
    assert_eq!(Reports::fold(events.clone()), Err(FoldError::Missing("2025-11-25".into())));
    let cut = Reports::from_jsonl(&jsonl(&events)).expect("folds");
    let remark = "the run was interrupted: it did not come to revision 2025-11-25";
    assert_eq!(cut.first().remarks, [remark]);
    assert_eq!((cut.outcome(), cut.only()), (Outcome::Inconclusive, None));
}

#[test]
fn streams_that_do_not_announce_each_other_are_no_run() {
    let two: Vec<Event> = stream().into_iter().chain(stream()).collect();
    assert!(matches!(Reports::fold(two), Err(FoldError::Contradiction { at: 5, .. })));
}

#[test]
fn a_recording_without_revisions_is_one_by_the_revision_that_it_names() {
    let text = jsonl(&stream());
    assert!(!text.contains("revisions"));
    let reports = Reports::from_jsonl(&text).expect("folds");
    assert_eq!(reports.only(), Some(reports.first()));
}
