use plumb_model::event::{CaseFinished, FORMAT, RunStarted, TargetInfo};
use plumb_model::suite::Policy;
use plumb_model::{Edition, Exchange, Verdict};

use super::*;
use crate::key::tests::{private, public};
use crate::{Confinement, Set};

const ID: &str = "base.response.same-id";

/// A run with these verdicts, each of one case.
pub(crate) fn report(verdicts: &[(&str, Verdict)]) -> Report {
    Report::fold(events(verdicts, 1)).expect("a run")
}

fn events(verdicts: &[(&str, Verdict)], first: u64) -> Vec<Event> {
    let edition = Edition::latest();
    let info = |id: &str| edition.info(id, "docs".into()).unwrap_or_else(|| panic!("no row {id}"));
    let run = RunStarted {
        format: FORMAT,
        plumb: "0".into(),
        revision: edition.revision.clone(),
        revisions: Vec::new(),
        started: "2026-08-03T09:30:00Z".into(),
        seed: 1,
        suite: "core".into(),
        policy: Policy::default(),
        target: TargetInfo { server: Some("everything 2.3.1".into()), ..TargetInfo::default() },
        checks: verdicts.iter().map(|(id, _)| info(id)).collect(),
        known: std::collections::BTreeMap::new(),
        positions: Vec::new(),
        judged_by: None,
    };
    let mut events = vec![Event::RunStarted(Box::new(run))];
    let at = first * 10;
    for (seq, (id, verdict)) in (first..).zip(verdicts) {
        let (check, verdict) = ((*id).to_owned(), verdict.clone());
        events.push(Event::Exchanged(exchange(seq).into()));
        events.push(Event::CheckStarted { check: check.clone(), at });
        events.push(Event::CaseFinished(CaseFinished {
            check: check.clone(),
            case: "a".into(),
            title: "a case".into(),
            verdict: verdict.clone(),
            exchanges: vec![seq],
            count: 3,
            again: None,
        }));
        events.push(Event::CheckFinished { check, at: at + 4, verdict });
    }
    events.push(Event::RunFinished {
        at: 99,
        internal_faults: vec![],
        remarks: vec![],
        left_out: 0,
    });
    events
}

fn exchange(seq: u64) -> Exchange {
    let value = serde_json::json!({
        "seq": seq, "by": "survey", "channel": "stdio-1", "sent": {"over": "nothing"},
        "answer": {"sent_at": 1, "ended_at": 2, "frames": [], "end": "complete"},
    });
    serde_json::from_value(value).expect("an exchange")
}

fn sealed(report: &Report, signer: Option<&Signer>) -> Vec<u8> {
    let about = About { entry: None, confinement: Confinement::None };
    let edition = Edition::latest();
    // A set of their own: what is small is quickly tried byte by byte.
    let ids = report.checks.iter().map(|check| check.info.id.clone()).collect();
    let set = Set::parse(&Set::freeze("x/1", &edition, &ids)).expect("a set");
    let judgement = set.judge(report, &edition);
    Bundle::seal(report, judgement, about, signer)
}

fn violated() -> [(&'static str, Verdict); 2] {
    [(ID, Verdict::violated("a", "b")), ("base.response.once", Verdict::Held)]
}

#[test]
fn a_bundle_is_read_back_as_it_was_and_carries_the_evidence_of_findings_alone() {
    let whole = report(&violated());
    let bundle = Bundle::open(&sealed(&whole, None), None).expect("a bundle");
    assert_eq!(bundle.signature, Signature::Unsigned);
    assert_eq!(bundle.statement.predicate.failed_tests, [ID]);
    assert_eq!(bundle.statement.subject[0].name, "everything");
    assert_eq!(bundle.report.counts(), whole.counts());
    assert_eq!(bundle.report.checks[0].cases, whole.checks[0].cases);
    assert_eq!(bundle.report.exchanges.len(), 1, "the other one shows nothing");
}

#[test]
fn a_signed_bundle_is_believed_by_its_key_and_by_no_other() {
    let signer = Signer::from_pem(&private(7)).expect("a key");
    let bytes = sealed(&report(&violated()), Some(&signer));
    let (ours, other) = (signer.verifier(), Signer::from_pem(&private(8)).expect("a key"));
    let read = |key| Bundle::open(&bytes, key).map(|bundle| bundle.signature);
    assert_eq!(read(Some(&ours)).expect("ours"), Signature::Trusted(ours.id()));
    assert_eq!(read(None).expect("whole"), Signature::Unknown(ours.id()));
    assert!(matches!(read(Some(&other.verifier())), Err(BundleError::OtherKey { .. })));
    let unsigned = sealed(&report(&violated()), None);
    assert!(matches!(Bundle::open(&unsigned, Some(&ours)), Err(BundleError::Unsigned)));
    assert!(Verifier::from_pem(&public(&ours)).is_ok());
}

#[test]
fn no_byte_can_change_unnoticed() {
    let signer = Signer::from_pem(&private(7)).expect("a key");
    for signer in [None, Some(&signer)] {
        let mut bytes = sealed(&report(&violated()), signer);
        for at in 0..bytes.len() {
            let right = bytes[at];
            for wrong in [right ^ 1, right ^ 0x20, b' '] {
                bytes[at] = wrong;
                assert!(wrong == right || Bundle::open(&bytes, None).is_err(), "byte {at}");
            }
            bytes[at] = right;
        }
        bytes.push(b'\n');
        assert!(Bundle::open(&bytes, None).is_err(), "a byte more");
    }
}

#[test]
fn the_same_verdicts_give_the_same_bundle_whatever_order_they_came_in() {
    let mut late = events(&violated(), 5);
    let last = late.len() - 1;
    late[1..last].rotate_left(4);
    let (one, two) = (report(&violated()), Report::fold(late).expect("a run"));
    let timeless = |bytes: &[u8]| {
        let bundle = Bundle::open(bytes, None).expect("a bundle");
        let mut statement = bundle.statement;
        statement.predicate.occasion.recording_digest = Digest::of(b"");
        (statement, bundle.report.checks, bundle.report.exchanges)
    };
    assert_eq!(timeless(&sealed(&one, None)), timeless(&sealed(&two, None)));
}

#[test]
fn a_statement_that_its_own_recording_contradicts_is_not_believed() {
    let (report, edition) = (report(&violated()), Edition::latest());
    let set = Set::latest_of(&edition.revision).expect("a set");
    let told = set.judge(&report, &edition);
    assert_eq!(told.violated, [ID]);
    let opened = |judgement: Judgement| {
        let about = About { entry: None, confinement: Confinement::None };
        Bundle::open(&Bundle::seal(&report, judgement, about, None), None)
    };
    opened(told.clone()).expect("what the recording shows");
    let standing = crate::Standing::Undecided;
    let better = Judgement { standing, ..told.clone() };
    let unviolated = Judgement { standing, violated: Vec::new(), ..told };
    for judgement in [better, unviolated] {
        assert!(matches!(opened(judgement), Err(BundleError::Contradiction)));
    }
}
