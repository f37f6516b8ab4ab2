//! RFC 9449 section 4.2: what a proof says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plumb_runner::client::protected::{Step, sha256};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Marks, check, clip};
use url::Url;

use super::super::SHOWN;
use super::proof;

/// So many seconds a proof may be older than its request, or younger.
const WINDOW: f64 = 300.0;

check! {
    /// **Observed:** every proof has a `jti`, and no two proofs of a scene have the same.
    ///
    /// **Why:** a server that sees a `jti` again takes the proof for a stolen one.
    ///
    /// **Fix:** make a proof for each request, also where one is sent again, with at least 96 random bits or a UUID of version 4 in `jti` (RFC 9449
    /// section 4.2).
    pub(crate) UNIQUE = "dpop.client.jti";
    happening: unique
}

fn unique(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, proof)) = proof(moment) else { return };
    let Some(name) = proof.claim("jti").filter(|name| !name.is_empty()) else {
        return marks.breaks("a `jti`", format!("`jti` {}", proof.claims["jti"]));
    };
    let same = |r: &Received| r.proof().is_some_and(|before| before.claim("jti") == Some(name));
    let again = moment.before().iter().any(same);
    marks.expect(!again, "a `jti` that no other proof has", || clip(name, SHOWN));
}

check! {
    /// **Observed:** `iat` of every proof is a number, and the time of its request, give or take five minutes.
    ///
    /// **Why:** servers refuse proofs that were made long before, or ahead.
    ///
    /// **Fix:** set `iat` to the seconds since 1970 when the proof is made (RFC 9449 section 4.2).
    pub(crate) TIME = "dpop.client.iat";
    happening: time
}

fn time(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((flow, proof)) = proof(moment) else { return };
    let now = flow.second(moment.now());
    #[expect(clippy::cast_precision_loss, reason = "seconds of Unix time are far below 2^53")]
    let apart = proof.claims["iat"].as_f64().map(|made| (made - now as f64).abs());
    let expected = format!("`iat` within {WINDOW} seconds of {now}");
    marks.expect(apart.is_some_and(|apart| apart <= WINDOW), expected, || {
        format!("`iat` {}", clip(&proof.claims["iat"].to_string(), SHOWN))
    });
}

check! {
    /// **Observed:** `htm` of every proof is the HTTP method of its request.
    ///
    /// **Why:** a proof for one request is not to be used for another.
    ///
    /// **Fix:** make the proof where the request is made, and take the method from there (RFC 9449 section 4.2).
    pub(crate) METHOD = "dpop.client.htm";
    happening: method
}

fn method(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, proof)) = proof(moment) else { return };
    let (named, own) = (&proof.claims["htm"], moment.now().http_method());
    let actual = || format!("`htm` {}", clip(&named.to_string(), SHOWN));
    marks.expect(named == own, format!("`htm` \"{own}\""), actual);
}

check! {
    /// **Observed:** `htu` of every proof is the URI of its request, without query and fragment. Case of scheme and host, the default port and
    /// an empty path make no difference.
    ///
    /// **Why:** a proof for one server is not to be used at another.
    ///
    /// **Fix:** take the URI of the request, and cut off what begins with `?` or `#` (RFC 9449 section 4.2).
    pub(crate) TARGET = "dpop.client.htu";
    happening: target
}

fn target(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, proof)) = proof(moment) else { return };
    let named = proof.claim("htu").unwrap_or_default();
    let own = moment.now().url().split(['?', '#']).next().unwrap_or_default();
    let normal = |url: &str| Url::parse(url).ok();
    let fits = !named.contains(['?', '#']) && normal(named).is_some_and(|n| Some(n) == normal(own));
    marks.expect(fits, format!("`htu` \"{own}\""), || {
        format!("`htu` {}", clip(&proof.claims["htu"].to_string(), SHOWN))
    });
}

check! {
    /// **Observed:** `ath` of a proof that comes with an access token is the hash of that token.
    ///
    /// **Why:** without it, a proof could be used with another token.
    ///
    /// **Fix:** set `ath` to the SHA-256 of the token's characters in Base64 of URLs without padding (RFC 9449 sections 4.2 and 7).
    pub(crate) TOKEN_HASH = "dpop.client.ath";
    happening: token_hash
}

fn token_hash(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((flow, proof)) = proof(moment) else { return };
    if flow.step(moment.now()) != Step::Message {
        return;
    }
    let Some(token) = moment.now().token() else { return };
    let own = URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()));
    let actual = || format!("`ath` {}", clip(&proof.claims["ath"].to_string(), SHOWN));
    marks.expect(proof.claims["ath"] == own, format!("`ath` \"{own}\""), actual);
}
