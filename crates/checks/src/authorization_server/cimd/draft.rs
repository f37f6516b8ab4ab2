//! What the draft demands beside what the page repeats of it.

use plumb_runner::authorization_server::{
    CONSENT, Client, Document, Landing, Method, Visit, issued,
};
use plumb_runner::{Finding, Judgement, Trouble, check};
use serde_json::{Value, json};

use super::super::tokens::refused;
use super::{CALLBACK, Described, accepted, turned_down};

/// What stands in a document for everybody to read.
const PUBLISHED: &str = "plumb-published-secret";

/// What stands nowhere.
const OTHER: &str = "plumb-another-secret";

check! {
    /// **Observed:** beside a document that is right and accepted: a URL with a dot segment, which is refused; a document with
    /// a shared secret, which lets nobody in; and one that names a key to authenticate with, whose client gets no token
    /// without. Documents with these may as well be refused. Redirects of a document's URL are not judged: draft 00, which
    /// this revision names, does not speak of them.
    ///
    /// **Why:** a published secret is none, and a client that has named its key can be played by anybody where nobody asks
    /// for it.
    ///
    /// **Fix:** follow sections 3, 4.1 and 6.2 of the draft: no dot segments, no shared secrets, and authentication as the
    /// document says; refuse documents with a method that is not supported.
    pub(crate) DRAFT = "cimd.follow-draft";
    visit: draft;
}

async fn draft(at: &Visit) -> Judgement {
    let (_, control) = accepted(at, CALLBACK).await?;
    at.case("dot-segment", "a URL with a dot segment is refused", dotted(at, &control).await);
    at.case("secret", "a secret in a document lets nobody in", secret(at, &control).await);
    at.case(
        "key",
        "a client with a key in its document gets no token without it",
        key(at, &control).await,
    );
    at.conclude()
}

/// The same place, written with a dot segment, and a document that names it so.
async fn dotted(at: &Visit, control: &Landing) -> Judgement {
    let mut dotted = Described::new(at)?;
    dotted.client.id = dotted.client.id.replace("/client.json", "/x/../client.json");
    let landing = dotted.ask(at, Document::json(&dotted.document())).await?;
    Ok(turned_down(control, &landing, "a URL with a dot segment"))
}

async fn secret(at: &Visit, control: &Landing) -> Judgement {
    let described = Described::new(at)?;
    let mut document = described.document();
    document["client_secret"] = json!(PUBLISHED);
    document["token_endpoint_auth_method"] = json!(Method::Form.name());
    // Who looks at no secret takes any.
    for secret in [PUBLISHED, OTHER] {
        let (code, verifier) = match granted(at, control, &described, &document).await? {
            Ok(granted) => granted,
            Err(finding) => return Ok(finding),
        };
        let client = Client {
            secret: Some(secret.into()),
            method: Some(Method::Form),
            ..described.client.clone()
        };
        let seen = at.redeem(&client, &code, Some(&verifier)).await?;
        if seen.is_trouble() {
            return Err(Trouble::Control(seen.describe()));
        }
        match (secret, issued(&seen)) {
            (PUBLISHED, None) => return Ok(Finding::Held),
            (OTHER, None) => {
                return Ok(Finding::violated(
                    "a code, redeemed with the `client_secret` that stands in the document: no token",
                    "a token was issued, and none for another secret",
                ));
            }
            _ => {}
        }
    }
    Ok(Finding::Held)
}

async fn key(at: &Visit, control: &Landing) -> Judgement {
    let described = Described::new(at)?;
    let mut document = described.document();
    document["token_endpoint_auth_method"] = json!("private_key_jwt");
    document["token_endpoint_auth_signing_alg"] = json!("ES256");
    // The public key of RFC 7515 appendix A.3.
    document["jwks"] = json!({"keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "plumb",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }]});
    Ok(match granted(at, control, &described, &document).await? {
        Err(finding) => finding,
        Ok((code, verifier)) => refused(
            &at.redeem(&described.client, &code, Some(&verifier)).await?,
            "a code without an assertion, of a client whose document says `private_key_jwt`",
        ),
    })
}

/// A code and its verifier for a client with this document; or what is to say where there is none.
async fn granted(
    at: &Visit,
    control: &Landing,
    described: &Described,
    document: &Value,
) -> Result<Result<(String, String), Finding>, Trouble> {
    at.server().documents().put(&described.path, Document::json(document));
    let (landing, verifier, _) = at.ask(&described.client, &[]).await?;
    Ok(match landing.code() {
        Some(code) => Ok((code.to_owned(), verifier)),
        None if landing.is_turned_down(control) => Err(Finding::Held),
        None => Err(Finding::unseen(
            format!("what becomes of the code is seen where one is given: {}", landing.describe()),
            CONSENT,
        )),
    })
}
