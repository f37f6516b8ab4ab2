//! basic/authorization#authorization-response-validation: `iss` (RFC 9207).

use plumb_runner::client::Moment;
use plumb_runner::client::protected::{MARKER, Scene, Step};
use plumb_runner::{Check, Marks, check};

use super::refuses;

pub(crate) const CHECKS: &[&Check] =
    &[&COMPARE, &RECORD, &MISSING, &UNANNOUNCED, &PROCEED, &EXACT, &ERROR];

check! {
    /// **Observed:** where an authorization response names a stranger as its issuer, its code goes to no token endpoint.
    ///
    /// **Why:** the response may come of an attacker's authorization server, and the code of an honest one.
    ///
    /// **Fix:** compare `iss` with the issuer of the validated metadata before the code is used.
    pub(crate) COMPARE = "client.iss.compare-advertised";
    judges: ["client.iss.before-token"];
    happening: compare
}

fn compare(moment: &Moment<'_>, marks: &mut Marks) {
    rejects(moment, marks, &[Scene::IssWrong], "no use of a code that a stranger sent");
}

check! {
    /// **Observed:** nor where it names another issuer of the same host: what a response is like that was mixed up.
    ///
    /// **Why:** tenants of one host are strangers to each other.
    ///
    /// **Fix:** keep the issuer of the metadata beside the verifier of the request, and compare with that, not with a host.
    pub(crate) RECORD = "client.iss.record";
    happening: record
}

fn record(moment: &Moment<'_>, marks: &mut Marks) {
    rejects(moment, marks, &[Scene::IssTenant], "no use of a code of another tenant");
}

check! {
    /// **Observed:** nor where it names none, though the metadata announces that it does.
    ///
    /// **Why:** who can drop the parameter could otherwise do without a right one.
    ///
    /// **Fix:** reject the response if `authorization_response_iss_parameter_supported` is true and `iss` is absent.
    pub(crate) MISSING = "client.iss.reject-missing";
    happening: missing
}

fn missing(moment: &Moment<'_>, marks: &mut Marks) {
    rejects(moment, marks, &[Scene::IssMissing], "no use of a code without the announced `iss`");
}

check! {
    /// **Observed:** an `iss` that is not announced is compared all the same: a wrong one is refused, a right one is taken.
    ///
    /// **Why:** servers send it before they announce it.
    ///
    /// **Fix:** compare whenever it is there.
    pub(crate) UNANNOUNCED = "client.iss.compare-unadvertised";
    happening: unannounced
}

fn unannounced(moment: &Moment<'_>, marks: &mut Marks) {
    rejects(moment, marks, &[Scene::IssUnexpected], "no use of a code that a stranger sent");
    proceeds(moment, marks, Scene::IssUnlisted, "a token request after the right `iss`");
}

check! {
    /// **Observed:** where `iss` is neither announced nor there, the client goes on.
    ///
    /// **Why:** authorization servers need not send it yet.
    ///
    /// **Fix:** demand it only where it is announced.
    pub(crate) PROCEED = "client.iss.proceed";
    happening: proceed
}

fn proceed(moment: &Moment<'_>, marks: &mut Marks) {
    proceeds(moment, marks, Scene::IssNone, "a token request without `iss`");
}

check! {
    /// **Observed:** an `iss` that differs by a slash at its end, by the case of its scheme or by an escape is refused.
    ///
    /// **Why:** whoever evens out such differences takes two issuers for one.
    ///
    /// **Fix:** decode the form once, and compare character by character; do not parse it as a URL first.
    pub(crate) EXACT = "client.iss.no-normalization";
    happening: exact
}

fn exact(moment: &Moment<'_>, marks: &mut Marks) {
    let scenes = [Scene::IssSlash, Scene::IssCase, Scene::IssEscaped];
    let iss = moment.now().returned("iss").unwrap_or_default();
    let issuer = moment.flow().map(|flow| flow.facts.issuers[0].clone()).unwrap_or_default();
    rejects(moment, marks, &scenes, &format!("`{iss}` is not `{issuer}`"));
}

check! {
    /// **Observed:** what an error says that a stranger sent does not stand in what the client writes.
    ///
    /// **Why:** it is the attacker's text, shown to a user as if the authorization server had said it.
    ///
    /// **Fix:** validate `iss` before `error` is looked at.
    pub(crate) ERROR = "client.iss.error-response";
    happening: error
}

fn error(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at_first(&[Scene::IssError], Step::Authorization) else { return };
    // What a client shows on a screen is not seen.
    let Some(said) = flow.said else { return };
    if said.contains(MARKER) {
        marks.breaks(
            "no word of an error that a stranger sent",
            format!("the client wrote {MARKER:?}"),
        );
    } else if flow.whole {
        marks.fits();
    }
}

/// Marks that the code of a response is not used.
fn rejects(moment: &Moment<'_>, marks: &mut Marks, scenes: &[Scene], expected: &str) {
    let Some(flow) = moment.at(scenes, Step::Authorization) else { return };
    if moment.now().returned("code").is_some() {
        refuses(marks, flow, moment.signs_in(), expected, flow.redeems(moment.now()));
    }
}

/// Marks that it is.
fn proceeds(moment: &Moment<'_>, marks: &mut Marks, scene: Scene, expected: &str) {
    let Some(flow) = moment.at_first(&[scene], Step::Authorization) else { return };
    let sent = flow.of(Step::Authorization).any(|request| request.returned("code").is_some());
    if !sent || !flow.whole || !moment.signs_in() {
        return;
    }
    let used = flow.of(Step::Authorization).any(|request| flow.redeems(request).is_some());
    marks.expect(used, expected, || "there is none".into());
}
