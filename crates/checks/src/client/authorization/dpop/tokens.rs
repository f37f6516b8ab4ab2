//! RFC 9449 sections 5 and 7: a token is asked for and presented with proofs.

use plumb_runner::client::protected::{Flow, PROOF, Step};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Marks, check};

use super::DPOP;

check! {
    /// **Observed:** a client that uses proofs, or presents a token as one that is bound to a key, brings one proof, a JWT, with every token
    /// request, and no second one.
    ///
    /// **Why:** without a proof the token is bound to nothing, and good for whoever steals it.
    ///
    /// **Fix:** send a `DPoP` header field with each token request, whatever its grant, refreshes included (RFC 9449 section 5).
    pub(crate) AT_TOKEN_ENDPOINT = "dpop.client.token-proof";
    happening: at_token_endpoint
}

fn at_token_endpoint(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(DPOP, Step::Token) else { return };
    if flow.all.iter().any(|received| proves(flow, received)) {
        one_proof(moment.now(), marks);
    }
}

/// Whether a request shows that its client means to prove possession of a key.
fn proves(flow: Flow<'_>, received: &Received) -> bool {
    let by_scheme = || received.credentials().is_some_and(|(scheme, _)| is_dpop(scheme));
    received.header(PROOF).is_some() || flow.step(received) == Step::Message && by_scheme()
}

fn is_dpop(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("dpop")
}

/// Marks whether a request brings one proof.
fn one_proof(received: &Received, marks: &mut Marks) {
    let fields = received.headers(PROOF).count();
    marks.expect(
        received.proof().is_some(),
        "one header field `DPoP` with a JWT",
        || match fields {
            0 => "there is none".into(),
            1 => "what stands there is no JWT".into(),
            _ => format!("there are {fields}"),
        },
    );
}

check! {
    /// **Observed:** a token that came with `token_type` `DPoP` is presented as `Authorization: DPoP`.
    ///
    /// **Why:** a server has to refuse such a token where it comes as a bearer token.
    ///
    /// **Fix:** take the scheme from `token_type` of the token response (RFC 9449 section 7.1).
    pub(crate) SCHEME = "dpop.client.scheme";
    happening: scheme
}

fn scheme(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, _, scheme)) = presented(moment) else { return };
    marks.expect(is_dpop(scheme), "`Authorization: DPoP` with the token", || {
        format!("`Authorization: {scheme}`")
    });
}

check! {
    /// **Observed:** every request that presents a token which came with `token_type` `DPoP` brings one proof, a JWT, and no second one.
    ///
    /// **Why:** the token alone is refused: it proves nothing.
    ///
    /// **Fix:** make a proof where all requests are made, and send it in a header field `DPoP` (RFC 9449 section 7).
    pub(crate) EVERY = "dpop.client.proof";
    happening: every
}

fn every(moment: &Moment<'_>, marks: &mut Marks) {
    if presented(moment).is_some() {
        one_proof(moment.now(), marks);
    }
}

check! {
    /// **Observed:** the proof that comes with a token is made with the key by which that token was asked for.
    ///
    /// **Why:** the token is bound to that key, and worth nothing with another.
    ///
    /// **Fix:** keep the key as long as the token (RFC 9449 section 7).
    pub(crate) KEY = "dpop.client.key";
    happening: key
}

fn key(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, asked, _)) = presented(moment) else { return };
    let of = |received: &Received| received.proof()?.thumbprint();
    let (Some(bound), Some(now)) = (of(asked), of(moment.now())) else { return };
    marks.expect(now == bound, format!("a proof by the key {bound}"), || {
        format!("one by the key {now}")
    });
}

/// A token that is bound to a key, where the message at hand presents one: the flow, the request that it was asked for with, and the
/// scheme by which it comes.
fn presented<'a>(moment: &Moment<'a>) -> Option<(Flow<'a>, &'a Received, &'a str)> {
    let flow = moment.at(DPOP, Step::Message)?;
    let (scheme, token) = moment.now().credentials()?;
    Some((flow, flow.bound(token)?, scheme))
}
