//! basic/authorization#token-handling: tokens that depart from the valid one, each by one facet of the answer.

use plumb_flows::auth::challenge::{bearer, shown};
use plumb_runner::facet::{self, Tried};
use plumb_runner::{Finding, Judgement, check};

check! {
    /// **Observed:** a valid token is taken: in the `Authorization` field of any method, with the scheme in any case,
    /// with more scopes than are needed.
    ///
    /// **Why:** a server that refuses what is valid locks out its own clients; and only beside it does a refusal mean
    /// anything.
    ///
    /// **Fix:** compare the scheme without case (RFC 9110 section 11.1), and ask whether the scopes needed are among
    /// those granted.
    pub(super) VALIDATE = "auth.rs.validate";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** a request without a token, or with another scheme, is refused with HTTP 401; an empty or
    /// schemeless credential with 401 or 400.
    ///
    /// **Why:** the status is what makes a client fetch a token.
    ///
    /// **Fix:** answer 401 with a challenge whenever there is no bearer token.
    pub(super) STATUS_401 = "auth.rs.status-401";
    applies: [Auth];
    cases: facet::status
}

check! {
    /// **Observed:** a request with more than one token is, where it is refused, refused with HTTP 400 or 401.
    /// **Position:** a server that takes it is not judged: the client broke the rule.
    ///
    /// **Why:** any other status sends a client looking elsewhere for its mistake.
    ///
    /// **Fix:** answer 400 with `error="invalid_request"` (RFC 6750 section 3.1).
    pub(super) STATUS_400 = "auth.rs.status-400";
    applies: [Auth];
    cases: facet::status
}

check! {
    /// **Observed:** a valid token in the query, and nowhere else, is no token; nor is one in the body, as a member of the message
    /// or as a form.
    ///
    /// **Why:** addresses end in logs, histories and `Referer` fields, and the tokens in them; and where a page of a stranger can send
    /// the body, it can send the token.
    ///
    /// **Fix:** read tokens from the `Authorization` field alone.
    pub(super) QUERY = "auth.rs.query-token-refused";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** each 401 carries a `WWW-Authenticate` field with the scheme `Bearer`.
    ///
    /// **Why:** the challenge is where a client learns whom to ask for a token.
    ///
    /// **Fix:** add the field wherever a 401 is made, framework defaults included.
    pub(super) WWW_AUTHENTICATE = "auth.rs.www-authenticate";
    applies: [Auth];
    cases: challenged
}

check! {
    /// **Observed:** every kind of invalid token is refused with HTTP 401. **Position:** a token for another audience
    /// is invalid, not insufficient: 401, too.
    ///
    /// **Why:** a client renews its token on 401 and gives up on other statuses.
    ///
    /// **Fix:** answer 401 whenever the token itself is at fault; 403 is for valid tokens that grant too little.
    pub(super) INVALID_401 = "auth.rs.invalid-401";
    applies: [Auth];
    cases: facet::status
}

check! {
    /// **Observed:** a 401 for an invalid token names no other error than `invalid_token`, and neither its challenge
    /// nor its body repeats the token. **Position:** OAuth 2.1 section 5.3 only recommends `error`, so its absence is
    /// no violation.
    ///
    /// **Why:** a wrong error code sends the client down the wrong path, and an echoed token leaks.
    ///
    /// **Fix:** use `error="invalid_token"`, and describe the fault without quoting the token.
    pub(super) ERROR_FORM = "auth.rs.error-form";
    applies: [Auth];
    cases: formed
}

check! {
    /// **Observed:** opaque strings that nobody issued, truncated tokens, payloads that are no JSON and encrypted
    /// noise are refused.
    ///
    /// **Why:** a parser that gives up must not mean that the request goes through.
    ///
    /// **Fix:** treat every failure to read a token as an invalid token.
    pub(super) GARBAGE = "auth.rs.reject-garbage";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** tokens that are unsigned, signed by a stranger, with a key that they bring along, or by HMAC
    /// with the public key are refused.
    ///
    /// **Why:** whoever can forge a token is any user.
    ///
    /// **Fix:** verify with a library, allow only the algorithms that the issuer uses, and take keys from its JWKS
    /// alone.
    pub(super) SIGNATURE = "auth.rs.reject-signature";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** a token that expired an hour ago is refused, on every method.
    ///
    /// **Why:** expiry is what ends the use of a token that leaked.
    ///
    /// **Fix:** check `exp`, with at most a few minutes for the skew of clocks.
    pub(super) EXPIRED = "auth.rs.reject-expired";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** a token whose `nbf` is in an hour is refused.
    ///
    /// **Why:** tokens may be issued ahead for a later time, and for no other.
    ///
    /// **Fix:** check `nbf` where it is there.
    pub(super) NOT_YET_VALID = "auth.rs.reject-not-yet-valid";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** a token of a stranger, of another tenant under shared keys, of an issuer with one slash more, or
    /// of none is refused.
    ///
    /// **Why:** with shared keys the issuer alone tells tenants apart.
    ///
    /// **Fix:** compare `iss` with the configured issuer character by character.
    pub(super) ISSUER = "auth.rs.reject-issuer";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** tokens for another server, for the origin of this one, for another path or port, for a name that
    /// begins as this one does, and for the issuer are refused.
    ///
    /// **Why:** a malicious server replays the tokens that its own clients send it.
    ///
    /// **Fix:** compare `aud` with the canonical URI of the server, as a whole.
    pub(super) AUDIENCE = "auth.rs.audience";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** a token without an audience, or with an empty one, is refused.
    ///
    /// **Why:** many libraries check `aud` only where it is there.
    ///
    /// **Fix:** make the claim required.
    pub(super) AUDIENCE_MISSING = "auth.rs.audience-missing";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** a token for several servers is taken if this one is among them, and refused if not.
    ///
    /// **Why:** RFC 7519 section 4.1.3 lets `aud` be an array.
    ///
    /// **Fix:** look for the own URI in the array, and in nothing else.
    pub(super) AUDIENCE_ARRAY = "auth.rs.audience-array";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** a token whose audience has scheme and host in upper case is taken.
    ///
    /// **Why:** both are compared without case everywhere else.
    ///
    /// **Fix:** bring scheme and host to lower case before comparing; leave the path.
    pub(super) CASE_TOLERANT = "auth.resource.case-tolerant";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** ID tokens, and tokens for the client itself, are refused.
    ///
    /// **Why:** an ID token proves to a client who its user is; it grants nothing.
    ///
    /// **Fix:** require the server itself as the audience, and `typ: at+jwt` where the issuer sets it.
    pub(super) ONLY_OWN = "auth.rs.only-own-resources";
    fact: "auth.rs.audience";
    applies: [Auth];
    cases: facet::outcome
}

check! {
    /// **Observed:** `subscriptions/listen` without a token, with an expired or a forged one, or with one for another
    /// server is refused.
    ///
    /// **Why:** a stream that was opened once tells for hours.
    ///
    /// **Fix:** let one layer validate the token of every request, whatever its method.
    pub(super) STREAM_START = "auth.rs.stream-start";
    applies: [Auth];
    cases: facet::outcome
}

/// Whether a 401 has a Bearer challenge.
fn challenged(tried: &Tried) -> Judgement {
    tried.answer()?;
    if tried.sent.status() != Some(401) {
        return Ok(no_401());
    }
    let fits = bearer(&tried.sent).is_some_and(|challenge| challenge.is_well_formed());
    Ok(Finding::expect(
        fits,
        "HTTP 401 with a well-formed Bearer challenge in WWW-Authenticate",
        || shown(&tried.sent),
    ))
}

/// Whether a 401 says of an invalid token what OAuth says of it, and does not repeat it.
fn formed(tried: &Tried) -> Judgement {
    let sent = tried.answer()?;
    if sent.status() != Some(401) {
        return Ok(no_401());
    }
    if let Some(error) = bearer(sent).and_then(|c| c.parameter("error").map(str::to_owned))
        && error != "invalid_token"
    {
        return Ok(Finding::violated(
            "a challenge with error=\"invalid_token\", if it names an error",
            shown(sent),
        ));
    }
    let token = match &sent.exchange.sent {
        plumb_model::Sent::Http { headers, .. } => headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case("authorization"))
            .map(|h| h.value.clone()),
        _ => None,
    };
    let token =
        token.and_then(|value| value.split_once(' ').map(|(_, token)| token.trim().to_owned()));
    let repeated = token.filter(|token| token.len() > 16).is_some_and(|token| {
        sent.body_text().contains(&token)
            || sent.header("www-authenticate").any(|field| field.contains(&token))
    });
    Ok(Finding::expect(!repeated, "an answer that does not repeat the token", || {
        "the token stands in the answer".into()
    }))
}

fn no_401() -> Finding {
    Finding::unseen(
        "the request was not answered with HTTP 401, so there is no challenge",
        "answer it with HTTP 401",
    )
}
