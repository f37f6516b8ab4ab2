//! Events as they may be published. Everything that is taken apart here is taken apart whole, so that a member more does not
//! compile until somebody has said whether it can carry a secret.

use std::sync::Arc;

use crate::audit::{Audit, Evidence, Item, Sdk};
use crate::event::{CaseFinished, RunStarted, TargetInfo};
use crate::secret::{BLOT, blot_at};
use crate::{
    Answer, Carrier, End, Event, Exchange, Frame, Head, Header, Secrets, Sent, StreamFacts, Verdict,
};

impl Event {
    /// The event without secrets. What is ours alone, ids and what a check says of itself, stays.
    pub fn redacted(mut self, secrets: &Secrets) -> Self {
        match &mut self {
            Self::RunStarted(run) => run_started(run, secrets),
            Self::CheckStarted { check: _, at: _ } => {}
            Self::Exchanged(exchanged) => exchange(Arc::make_mut(exchanged), secrets),
            Self::CaseFinished(case) => case_finished(case, secrets),
            Self::CheckFinished { check: _, at: _, verdict: said } => verdict(said, secrets),
            Self::RunFinished { at: _, internal_faults, remarks, left_out: _ } => {
                texts(internal_faults.iter_mut().chain(remarks), secrets);
            }
        }
        self
    }
}

fn run_started(run: &mut RunStarted, secrets: &Secrets) {
    let RunStarted {
        format: _,
        plumb: _,
        revision: _,
        revisions: _,
        started: _,
        seed: _,
        suite,
        policy: _,
        target,
        checks: _,
        known,
        positions,
        judged_by: _,
    } = run;
    secrets.blot_in(suite);
    texts(known.values_mut(), secrets);
    texts(positions.iter_mut().filter_map(|position| position.other_side.as_mut()), secrets);
    told(target, secrets);
}

/// What a target is, and says of itself.
fn told(target: &mut TargetInfo, secrets: &Secrets) {
    let TargetInfo {
        role: _,
        address,
        transport: _,
        era: _,
        server,
        versions,
        capabilities,
        notes,
    } = target;
    texts(std::iter::once(address).chain(server).chain(versions).chain(notes), secrets);
    secrets.blot_json(capabilities);
}

/// An audit is written whole, and so it is taken apart whole.
pub(crate) fn audit(audit: &mut Audit, secrets: &Secrets) {
    let Audit {
        format: _,
        plumb: _,
        revision: _,
        started: _,
        took: _,
        target,
        spoken,
        sdk,
        items,
        remarks,
        exchanges,
    } = audit;
    told(target, secrets);
    texts(spoken.iter_mut().chain(remarks), secrets);
    if let Some(Sdk { package, version, shown_by, next: _ }) = sdk {
        texts([package, shown_by].into_iter().chain(version), secrets);
    }
    for Item {
        id: _,
        phase: _,
        effort: _,
        title: _,
        state: _,
        evidence,
        requirement: _,
        url: _,
        remedy: _,
        in_sdk: _,
        removal: _,
        before: _,
    } in items
    {
        for Evidence { seen, exchanges: _ } in evidence {
            secrets.blot_in(seen);
        }
    }
    for one in exchanges {
        exchange(one, secrets);
    }
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a mut String>, secrets: &Secrets) {
    for text in texts {
        secrets.blot_in(text);
    }
}

fn case_finished(case: &mut CaseFinished, secrets: &Secrets) {
    let CaseFinished {
        check: _,
        case: slug,
        title,
        verdict: said,
        exchanges: _,
        count: _,
        again: _,
    } = case;
    secrets.blot_in(slug);
    secrets.blot_in(title);
    verdict(said, secrets);
}

fn verdict(verdict: &mut Verdict, secrets: &Secrets) {
    match verdict {
        Verdict::Held => {}
        Verdict::Violated { expected: one, actual: other }
        | Verdict::Unverified { why: one, how_to_enable: other } => {
            secrets.blot_in(one);
            secrets.blot_in(other);
        }
        Verdict::Inconclusive { why } | Verdict::NotApplicable { why } => secrets.blot_in(why),
    }
}

fn exchange(exchange: &mut Exchange, secrets: &Secrets) {
    let Exchange { seq: _, by, channel: _, initiator: _, sent, answer } = exchange;
    // The first part is the id of a check, by which its exchanges are found.
    if let Some((check, slug)) = by.split_once('#') {
        *by = format!("{check}#{}", secrets.blot_text(slug));
    }
    match sent {
        Sent::Http { method, url, headers, body } => {
            secrets.blot_in(method);
            secrets.blot_in(url);
            fields(headers, secrets);
            *body = body.redacted(secrets);
        }
        Sent::Stdio { line } => *line = line.redacted(secrets),
        Sent::Nothing => {}
    }
    answered(answer, secrets);
}

fn answered(answer: &mut Answer, secrets: &Secrets) {
    let Answer { sent_at: _, ended_at: _, head, frames, body, stream, end } = answer;
    if let Some(Head { status: _, headers }) = head {
        fields(headers, secrets);
    }
    for Frame { at: _, carrier, payload } in frames {
        if let Carrier::Event { name, id } = carrier {
            texts(name.iter_mut().chain(id), secrets);
        }
        *payload = payload.redacted(secrets);
    }
    *body = body.redacted(secrets);
    if let Some(facts) = stream {
        let StreamFacts {
            comments: _,
            retries: _,
            retry_ms: _,
            without_data: _,
            unknown_fields,
            cut_off: _,
            invalid_utf8: _,
        } = facts;
        texts(unknown_fields, secrets);
    }
    if let End::Broken(why) = end {
        secrets.blot_in(why);
    }
}

/// Values of fields that are credentials by their name are never published, whether or not anybody has called them secret.
fn fields(fields: &mut [Header], secrets: &Secrets) {
    for Header { name, value } in fields {
        let lower = name.to_ascii_lowercase();
        secrets.blot_in(name);
        secrets.blot_in(value);
        match lower.as_str() {
            "authorization" | "proxy-authorization" => *value = credential(value),
            "cookie" | "set-cookie" if !is_blot(value) => BLOT.clone_into(value),
            _ => {}
        }
    }
}

/// A credential keeps its scheme, which a reader needs, and the name of the secret, if it has one.
fn credential(value: &str) -> String {
    let secret = |text: &str| if is_blot(text) { text.to_owned() } else { BLOT.to_owned() };
    if is_blot(value) {
        return value.to_owned();
    }
    match value.split_once(' ') {
        Some((scheme, rest)) => format!("{scheme} {}", secret(rest)),
        None => secret(value),
    }
}

/// Whether a text is what stands for a secret, and nothing beside it.
fn is_blot(text: &str) -> bool {
    blot_at(text).is_some_and(|(length, _)| length == text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Initiator;

    const SECRET: &str = "s3cr3t-token";

    fn everywhere() -> Exchange {
        let frame = |carrier| Frame { at: 1, carrier, payload: SECRET.into() };
        let (name, id) = (Some(SECRET.to_owned()), Some(SECRET.to_owned()));
        Exchange {
            seq: 1,
            by: format!("tools.list#{SECRET}"),
            channel: "http-1".into(),
            initiator: Initiator::Us,
            sent: Sent::Http {
                method: SECRET.into(),
                url: format!("http://127.0.0.1/mcp?key={SECRET}"),
                headers: vec![
                    Header::new("Authorization", "Bearer other-secret"),
                    Header::new("Proxy-Authorization", format!("Bearer {SECRET}")),
                    Header::new("X-Key", SECRET),
                ],
                body: format!("{{\"a\":\"{SECRET}\"}}").into(),
            },
            answer: Answer {
                head: Some(Head {
                    status: 200,
                    headers: vec![
                        Header::new("Set-Cookie", "id=1; Path=/"),
                        Header::new(format!("X-{SECRET}"), "x"),
                    ],
                }),
                frames: vec![frame(Carrier::Body), frame(Carrier::Event { name, id })],
                body: SECRET.into(),
                stream: Some(StreamFacts {
                    unknown_fields: vec![SECRET.into()],
                    ..StreamFacts::default()
                }),
                end: End::Broken(format!("malformed: {SECRET}")),
                ..Answer::default()
            },
        }
    }

    #[test]
    fn a_redacted_exchange_holds_no_secret() {
        let secrets = Secrets::default();
        secrets.add_named("mine", SECRET);
        let event = Event::Exchanged(Arc::new(everywhere())).redacted(&secrets);
        let json = serde_json::to_string(&event).expect("serialises");
        for secret in [SECRET, "other-secret", "id=1"] {
            assert!(!json.contains(secret), "{secret} in {json}");
        }
        assert!(
            json.contains("\"Bearer [redacted]\"") && json.contains("\"Bearer [redacted MINE]\"")
        );
        assert!(json.contains("\"tools.list#[redacted MINE]\""));
    }

    #[test]
    fn no_event_holds_a_secret() {
        let secrets = Secrets::default();
        secrets.add_named("mine", SECRET);
        let text = || SECRET.to_owned();
        let violated = || Verdict::violated(SECRET, SECRET);
        let target = TargetInfo {
            address: text(),
            server: Some(text()),
            versions: vec![text()],
            capabilities: serde_json::json!({SECRET: [SECRET]}),
            notes: vec![text()],
            ..TargetInfo::default()
        };
        let run = RunStarted { suite: text(), target, ..started() };
        let case = CaseFinished {
            check: "a.b".into(),
            case: text(),
            title: text(),
            verdict: violated(),
            exchanges: Vec::new(),
            count: 1,
            again: None,
        };
        let events = [
            Event::RunStarted(Box::new(run)),
            Event::CaseFinished(case),
            Event::CheckFinished { check: "a.b".into(), at: 1, verdict: violated() },
            Event::RunFinished {
                at: 1,
                internal_faults: vec![text()],
                remarks: vec![text()],
                left_out: 0,
            },
        ];
        for event in events {
            let json = serde_json::to_string(&event.redacted(&secrets)).expect("serialises");
            assert!(!json.contains(SECRET), "{json}");
        }
    }

    fn started() -> RunStarted {
        RunStarted {
            format: crate::event::FORMAT,
            plumb: "0".into(),
            revision: "2026-07-28".into(),
            revisions: Vec::new(),
            started: String::new(),
            seed: 1,
            suite: String::new(),
            policy: crate::suite::Policy::default(),
            target: TargetInfo::default(),
            checks: Vec::new(),
            known: [("a.b".to_owned(), SECRET.to_owned())].into(),
            positions: Vec::new(),
            judged_by: None,
        }
    }
}
