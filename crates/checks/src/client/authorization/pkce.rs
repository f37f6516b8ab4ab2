//! basic/authorization/security-considerations#authorization-code-protection: PKCE.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plumb_runner::client::protected::{Scene, Step, sha256};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Check, Marks, check, clip};

use super::{ANY, SHOWN, refuses};

pub(crate) const CHECKS: &[&Check] =
    &[&IMPLEMENT, &S256, &VERIFY, &LISTED, &REFUSE, &REFUSE_OPENID];

check! {
    /// **Observed:** every authorization request has a `code_challenge` of its own, in the form of Base64url without padding, and
    /// the token request that brings the code has the `code_verifier` of which it was made, 43 to 128 characters, which no
    /// authorization request has told.
    ///
    /// **Why:** without it, whoever gets hold of a code gets the token.
    ///
    /// **Fix:** draw a new verifier for each request, and send it with the code (RFC 7636 section 4).
    pub(crate) IMPLEMENT = "client.pkce.implement";
    happening: implement
}

fn implement(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ANY, Step::Authorization) else { return };
    let now = moment.now();
    let Some(challenge) = now.query("code_challenge").filter(|c| !c.is_empty()) else {
        return marks.breaks("`code_challenge` in the authorization request", "there is none");
    };
    let again = moment.flows().flat_map(|flow| flow.of(Step::Authorization)).any(|other| {
        other.exchange.seq < now.exchange.seq
            && other.url().split_once('?').map(|u| u.1) != now.url().split_once('?').map(|u| u.1)
            && other.query("code_challenge").as_ref() == Some(&challenge)
    });
    if again {
        marks.breaks("a `code_challenge` of its own for each request", "it was sent before");
    }
    if now.query("code_challenge_method").as_deref() == Some("S256") {
        let hash = URL_SAFE_NO_PAD.decode(&challenge).is_ok_and(|hash| hash.len() == 32);
        marks.expect(
            hash,
            "`code_challenge` is the Base64url of 32 bytes, without padding",
            || clip(&challenge, SHOWN),
        );
    }
    let Some(token) = flow.redeems(now) else { return marks.fits() };
    let Some(verifier) = token.form("code_verifier") else {
        return marks.breaks("`code_verifier` with the code", "there is none");
    };
    let whole = (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_unreserved);
    marks.expect(whole, "`code_verifier` has 43 to 128 unreserved characters", || {
        format!("{} characters", verifier.len())
    });
    // With `plain` the challenge is the verifier, which another check is about.
    if now.query("code_challenge_method").as_deref() == Some("S256")
        && now.url().contains(&verifier)
    {
        marks.breaks("a verifier that only the client knows", "the authorization request has it");
    }
    marks.expect(answers(now, &challenge, &verifier), "the verifier of the challenge", || {
        format!("the challenge was {}", clip(&challenge, SHOWN))
    });
}

fn answers(authorization: &Received, challenge: &str, verifier: &str) -> bool {
    match authorization.query("code_challenge_method").as_deref() {
        Some("S256") => URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes())) == challenge,
        _ => verifier == challenge,
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

check! {
    /// **Observed:** `code_challenge_method` is `S256`.
    ///
    /// **Why:** who reads a plain challenge has the verifier.
    ///
    /// **Fix:** send the Base64url of the SHA-256 of the verifier, and say so; without the parameter, `plain` is meant.
    pub(crate) S256 = "client.pkce.s256";
    happening: s256
}

fn s256(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(ANY, Step::Authorization).is_none()
        || moment.now().query("code_challenge").is_none()
    {
        return;
    }
    let method = moment.now().query("code_challenge_method");
    marks.expect(method.as_deref() == Some("S256"), "`code_challenge_method=S256`", || {
        method.clone().map_or("there is none".into(), |method| clip(&method, SHOWN))
    });
}

check! {
    /// **Observed:** a client does not go on where nothing announces PKCE: with metadata that does not, and with none at all.
    ///
    /// **Why:** whether a challenge is compared with its verifier is told nowhere else.
    ///
    /// **Fix:** send no authorization request before metadata was found that lists `S256`; do not guess endpoints.
    pub(crate) VERIFY = "client.pkce.verify-support";
    happening: verify
}

fn verify(moment: &Moment<'_>, marks: &mut Marks) {
    announced(moment, marks, Scene::NoPkce);
    announced(moment, marks, Scene::NoPkceOpenId);
    let Some(flow) = moment.at_first(&[Scene::NoMetadata], Step::ServerMetadata) else { return };
    let expected = "no authorization request without metadata that announces PKCE";
    refuses(marks, flow, moment.signs_in(), expected, flow.of(Step::Authorization).next());
}

check! {
    /// **Observed:** a client does not go on with an authorization server that announces PKCE with `plain` alone, whichever
    /// method it would use.
    ///
    /// **Why:** with `plain`, who reads the challenge has the verifier; `S256` is not announced, so nothing is known of it.
    ///
    /// **Fix:** look for `S256` in `code_challenge_methods_supported`, not for the member alone.
    pub(crate) LISTED = "client.pkce.method-listed";
    happening: listed
}

fn listed(moment: &Moment<'_>, marks: &mut Marks) {
    announced(moment, marks, Scene::PlainPkce);
}

check! {
    /// **Observed:** a client does not go on with an authorization server whose metadata (RFC 8414) announces no PKCE.
    ///
    /// **Why:** such a server ignores the challenge, and the client believes itself protected.
    ///
    /// **Fix:** stop where `code_challenge_methods_supported` is missing.
    pub(crate) REFUSE = "client.pkce.refuse-rfc8414";
    judges: ["client.pkce.metadata"];
    happening: refuse
}

fn refuse(moment: &Moment<'_>, marks: &mut Marks) {
    announced(moment, marks, Scene::NoPkce);
}

check! {
    /// **Observed:** nor with one whose OpenID Connect metadata announces none.
    ///
    /// **Why:** OpenID Connect does not define the member, so its absence is common and means that nothing is known.
    ///
    /// **Fix:** check `code_challenge_methods_supported` in whichever document was found.
    pub(crate) REFUSE_OPENID = "client.pkce.refuse-oidc";
    judges: ["client.pkce.check-oidc"];
    happening: refuse_openid
}

fn refuse_openid(moment: &Moment<'_>, marks: &mut Marks) {
    announced(moment, marks, Scene::NoPkceOpenId);
}

fn announced(moment: &Moment<'_>, marks: &mut Marks, scene: Scene) {
    let Some(flow) = moment.at(&[scene], Step::ServerMetadata) else { return };
    if moment.now().answered() == Some(200) {
        let expected =
            "no authorization request without `S256` in `code_challenge_methods_supported`";
        refuses(marks, flow, moment.signs_in(), expected, flow.of(Step::Authorization).next());
    }
}
