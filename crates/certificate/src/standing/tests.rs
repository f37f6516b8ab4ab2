use super::*;
use crate::Set;
use crate::bundle::tests::report;

const MUST: &str = "base.response.same-id";
const OTHER: &str = "base.response.once";
const SHOULD: &str = "spec.security.document-implications";

fn set() -> Set {
    let edition = Edition::latest();
    let ids = [MUST, OTHER, SHOULD].map(str::to_owned).into();
    Set::parse(&Set::freeze("x/1", &edition, &ids)).expect("a set")
}

fn judged(verdicts: &[(&str, Verdict)]) -> Judgement {
    set().judge(&report(verdicts), &Edition::latest())
}

fn unverified() -> Verdict {
    Verdict::Unverified { why: "w".into(), how_to_enable: "h".into() }
}

#[test]
fn what_holds_or_does_not_concern_is_conformant() {
    let away = Verdict::NotApplicable { why: "w".into() };
    let all = judged(&[(MUST, Verdict::Held), (OTHER, away), (SHOULD, unverified())]);
    assert_eq!(all.standing, Standing::Conformant, "{all:?}");
}

#[test]
fn a_violated_must_is_not_conformant_and_a_violated_should_is_a_reservation() {
    let violated = || Verdict::violated("a", "b");
    let must = judged(&[(MUST, violated()), (OTHER, Verdict::Held), (SHOULD, violated())]);
    assert_eq!(must.standing, Standing::NotConformant);
    assert_eq!(must.violated, [MUST]);
    let should = judged(&[(MUST, Verdict::Held), (OTHER, unverified()), (SHOULD, violated())]);
    assert_eq!(should.standing, Standing::ConformantWithReservations);
    assert_eq!(should.by_reason(), [(Why::Warned, vec![SHOULD]), (Why::Unverified, vec![OTHER])]);
}

#[test]
fn what_was_not_judged_is_undecided_however_it_came() {
    let doubt = Verdict::inconclusive("w");
    let inconclusive = judged(&[(MUST, doubt), (OTHER, Verdict::Held), (SHOULD, Verdict::Held)]);
    assert_eq!(inconclusive.standing, Standing::Undecided);
    let skipped = judged(&[(MUST, Verdict::Held), (SHOULD, Verdict::Held)]);
    assert_eq!(skipped.standing, Standing::Undecided);
    assert_eq!(skipped.undecided, [OTHER]);
}

#[test]
fn what_is_disputed_or_reworded_counts_as_a_reservation_and_not_against() {
    let mut set = set();
    for row in &mut set.rows {
        row.disputed = Some("the text can be read otherwise".into());
    }
    let violated = report(&[
        (MUST, Verdict::violated("a", "b")),
        (OTHER, Verdict::Held),
        (SHOULD, Verdict::Held),
    ]);
    let judgement = set.judge(&violated, &Edition::latest());
    assert_eq!(judgement.by_reason(), [(Why::Disputed, vec![MUST])]);
    let mut set = self::set();
    set.rows[0].digest = "sha256:0".into();
    let id = set.rows[0].id.clone();
    let held = report(&[MUST, OTHER, SHOULD].map(|id| (id, Verdict::Held)));
    let judgement = set.judge(&held, &Edition::latest());
    assert_eq!(judgement.standing, Standing::ConformantWithReservations);
    assert_eq!(judgement.by_reason(), [(Why::Reworded, vec![id.as_str()])]);
}
