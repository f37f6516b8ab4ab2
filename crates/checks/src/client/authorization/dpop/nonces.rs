//! RFC 9449 sections 8 and 9: nonces that servers give.

use plumb_runner::client::protected::{Flow, PROOF, Scene, Step};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Marks, check, clip};
use plumb_wire::method;

use super::super::SHOWN;
use super::{READ, proof};

const NONCE: &[Scene] = &[Scene::DpopNonce];

check! {
    /// **Observed:** after the token endpoint has refused a proof for want of a nonce (400, `use_dpop_nonce`), a later proof for it has a nonce that it gave.
    ///
    /// **Why:** without the nonce no token is issued.
    ///
    /// **Fix:** take `DPoP-Nonce` from the answer into the claim `nonce` of a new proof, and ask again (RFC 9449 section 8).
    pub(crate) AT_TOKEN_ENDPOINT = "dpop.client.nonce-token";
    happening: |moment, marks| taken_up(moment, marks, Step::Token)
}

check! {
    /// **Observed:** after the server has refused a proof for want of a nonce (401, `use_dpop_nonce`), a later proof for it has a nonce that
    /// it gave.
    ///
    /// **Why:** without the nonce nothing is answered.
    ///
    /// **Fix:** take `DPoP-Nonce` from the answer into the claim `nonce` of a new proof, and send the request again; another token is
    /// not needed (RFC 9449 section 9).
    pub(crate) AT_SERVER = "dpop.client.nonce-server";
    happening: |moment, marks| taken_up(moment, marks, Step::Message)
}

fn taken_up(moment: &Moment<'_>, marks: &mut Marks, step: Step) {
    let Some(flow) = moment.at(NONCE, step).filter(|_| is_challenged(moment.now())) else { return };
    let later: Vec<&Received> = later(moment, flow, step).collect();
    let nonce = |r: &&Received| r.proof()?.claim("nonce").map(str::to_owned);
    let given = |nonce: &String| flow.of(step).any(|r| r.nonce() == Some(nonce));
    if later.iter().filter_map(nonce).any(|nonce| given(&nonce)) {
        marks.fits();
    } else if let Some(next) = later.first() {
        let expected = format!("`nonce` \"{}\"", moment.now().nonce().unwrap_or_default());
        let actual = nonce(next).unwrap_or_else(|| "none".to_owned());
        marks.breaks(expected, format!("the next proof has {}", clip(&actual, SHOWN)));
    }
}

/// Whether a request was refused for its nonce.
fn is_challenged(received: &Received) -> bool {
    let refused = matches!(received.answered(), Some(400 | 401));
    refused && received.nonce().is_some() && received.header(PROOF).is_some()
}

/// What came for this, with a proof, after the answer to the request at hand was whole.
fn later<'a>(
    moment: &Moment<'a>,
    flow: Flow<'a>,
    step: Step,
) -> impl Iterator<Item = &'a Received> {
    let ended = moment.now().exchange.answer.ended_at;
    let same = move |r: &&Received| flow.step(r) == step && r.header(PROOF).is_some();
    moment.after().iter().filter(same).filter(move |r| r.exchange.answer.sent_at > ended)
}

check! {
    /// **Observed:** a client whose token request was refused for want of a nonce sends it again, for the same grant; one whose message was, sends
    /// a message with a proof before it ends.
    ///
    /// **Why:** the refusal is no more than the way in which a nonce is told.
    ///
    /// **Fix:** on `use_dpop_nonce`, send the request once more with the nonce of the answer (RFC 9449 section 8).
    pub(crate) RETRY = "dpop.client.nonce-retry";
    happening: retry
}

fn retry(moment: &Moment<'_>, marks: &mut Marks) {
    for step in READ {
        let Some(flow) = moment.at(NONCE, step) else { continue };
        let same = |r: &&Received| flow.step(r) == step && is_same(r, moment.now(), step);
        let first = !moment.before().iter().filter(same).any(is_challenged);
        if !first || !is_challenged(moment.now()) {
            continue;
        }
        if later(moment, flow, step).any(|r| is_same(r, moment.now(), step)) {
            marks.fits();
        } else if flow.whole {
            let expected = "the request again, with the nonce of the answer";
            marks.breaks(expected, "it did not come again");
        }
    }
}

/// Whether two requests are for the same: a token by the same grant, or any message, as messages may be on their way at once.
fn is_same(one: &Received, other: &Received, step: Step) -> bool {
    let grant = ["grant_type", "code", "refresh_token"];
    step == Step::Message || grant.into_iter().all(|name| one.form(name) == other.form(name))
}

check! {
    /// **Observed:** where an answer that was no refusal brought another nonce, what follows on it has that one: a call after a list, and
    /// a refresh by the token of the answer.
    ///
    /// **Why:** the former nonce may not be taken for long; each refusal costs a round.
    ///
    /// **Fix:** look for `DPoP-Nonce` in every answer, and keep the last one of each server (RFC 9449 section 8.2).
    pub(crate) NEWEST = "dpop.client.nonce-newest";
    happening: newest
}

fn newest(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((flow, proof)) = proof(moment) else { return };
    let (now, before) = (moment.now(), moment.before());
    let whole = |r: &&Received| {
        r.answered() == Some(200) && r.exchange.answer.ended_at < now.exchange.answer.sent_at
    };
    let leads = |r: &&Received| {
        if flow.step(now) == Step::Message {
            return now.asks(method::TOOLS_CALL) && r.asks(method::TOOLS_LIST);
        }
        let issued = r.response().and_then(|issued| issued["refresh_token"].as_str());
        issued.is_some() && now.form("refresh_token").as_deref() == issued
    };
    let renewing = |r: &&Received| whole(r) && leads(r) && r.nonce().is_some();
    let Some(at) = before.iter().rposition(|r| renewing(&r)) else { return };
    let own = proof.claim("nonce").unwrap_or("none");
    // What came later still is newer still.
    let fits = before[at..].iter().filter_map(Received::nonce).any(|given| given == own);
    let expected = format!("`nonce` \"{}\"", before[at].nonce().unwrap_or_default());
    marks.expect(fits, expected, || clip(own, SHOWN));
}

check! {
    /// **Observed:** no proof for one of the two servers has a nonce that only the other one gave.
    ///
    /// **Why:** a nonce is good at the server that gave it, and nowhere else.
    ///
    /// **Fix:** keep nonces by the origin of who gave them (RFC 9449 section 9).
    pub(crate) APART = "dpop.client.nonce-apart";
    happening: apart
}

fn apart(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((flow, proof)) = proof(moment) else { return };
    let Some(nonce) = proof.claim("nonce") else { return };
    let here = flow.step(moment.now());
    let giving = |r: &&Received| r.nonce() == Some(nonce);
    let Some(gave) = moment.before().iter().find(giving).map(|r| flow.step(r)) else { return };
    marks.expect(gave == here, "a nonce that this server gave", || "one of the other".into());
}
