//! `iss` in authorization responses (RFC 9207).

use plumb_model::pack::GrantDeviation;
use plumb_runner::authorization_server::{Changes, Landing, Visit};
use plumb_runner::{Finding, Judgement, check};

use super::grants;

check! {
    /// **Observed:** a correct authorization request leads back to the client with a code and with `iss`, which is the
    /// issuer, character by character.
    ///
    /// **Why:** `iss` tells a client that talks to several servers which of them answered; without it a malicious one can
    /// have codes of an honest one sent to itself.
    ///
    /// **Fix:** add the parameter `iss` to every authorization response, with the value of `issuer` in the metadata.
    pub(crate) INCLUDED = "auth.as.iss-included";
    visit: included;
}

check! {
    /// **Observed:** authorization requests with one fault each (an unknown response type, no code challenge, an unknown
    /// scope, `prompt=none` without a session). Every redirect that carries `error` carries `iss`, the issuer.
    ///
    /// **Why:** a mix-up works with error responses as well.
    ///
    /// **Fix:** add `iss` where redirects are made, not where codes are.
    pub(crate) IN_ERRORS = "auth.as.iss-in-errors";
    visit: in_errors;
}

check! {
    /// **Observed:** if any authorization response carries `iss`, every metadata document of the server says
    /// `"authorization_response_iss_parameter_supported": true`.
    ///
    /// **Why:** a client demands `iss` only of servers that announce it, so an unannounced one protects nobody.
    ///
    /// **Fix:** add the member to the metadata.
    pub(crate) ADVERTISED = "auth.as.iss-advertised";
    visit: advertised;
}

/// Faults that the client is told of by a redirect.
const FAULTS: [GrantDeviation; 4] = [
    GrantDeviation::UnknownResponseType,
    GrantDeviation::NoChallenge,
    GrantDeviation::UnknownScope,
    GrantDeviation::PromptNone,
];

async fn included(at: &Visit) -> Judgement {
    let grant = at.grant(&at.any_client().await?).await?;
    Ok(names_issuer(at, &grant.landing, "an authorization request"))
}

fn names_issuer(at: &Visit, landing: &Landing, sent: &str) -> Finding {
    let issuer = at.server().identifier();
    let told = landing.back().and_then(|parameters| parameters.get("iss"));
    Finding::expect(
        told.is_some_and(|t| t == issuer),
        format!("{sent}: the redirect has `iss={issuer}`"),
        || landing.describe(),
    )
}

/// The changes of an authorization request that make it wrong in one way, and how it is told of.
fn fault(wrong: GrantDeviation) -> Option<(&'static str, Changes<'static>)> {
    Some(match wrong {
        GrantDeviation::UnknownResponseType => {
            ("`response_type=plumb`", &[("response_type", Some("plumb"))])
        }
        GrantDeviation::NoChallenge => {
            ("no `code_challenge`", &[("code_challenge", None), ("code_challenge_method", None)])
        }
        GrantDeviation::UnknownScope => {
            ("`scope=plumb-unknown`", &[("scope", Some("plumb-unknown"))])
        }
        GrantDeviation::PromptNone => {
            ("`prompt=none` without a session", &[("prompt", Some("none"))])
        }
        _ => return None,
    })
}

async fn in_errors(at: &Visit) -> Judgement {
    let client = at.any_client().await?;
    let mut seen = false;
    for (slug, wrong, vector) in grants(at) {
        let Some((sent, changes)) = wrong.and_then(fault) else {
            let granted = at.grant(&client).await.map(|_| Finding::Held);
            at.case(&slug, vector.title, granted);
            continue;
        };
        let (landing, _, _) = at.ask(&client, changes).await?;
        if landing.back().is_some_and(|parameters| parameters.contains_key("error")) {
            seen = true;
            at.note(&landing.seen);
            at.case(&slug, vector.title, Ok(names_issuer(at, &landing, sent)));
        }
    }
    if seen {
        at.conclude()
    } else {
        // What keeps a right request from leading back is told first.
        at.grant(&client).await?;
        Ok(Finding::unseen(
            "no faulty request led back to the client with an error",
            "tell the client of what is wrong with its request by a redirect with `error` (OAuth 2.1 section 4.1.2.1)",
        ))
    }
}

async fn advertised(at: &Visit) -> Judgement {
    let client = at.any_client().await?;
    let mut landings = vec![at.ask(&client, &[]).await?.0];
    for wrong in FAULTS {
        if let Some((_, changes)) = fault(wrong) {
            landings.push(at.ask(&client, changes).await?.0);
        }
    }
    let responses: Vec<_> = landings.iter().filter_map(Landing::back).collect();
    if responses.is_empty() {
        return Ok(no_response("no authorization request led back to the client"));
    }
    if !responses.iter().any(|parameters| parameters.contains_key("iss")) {
        return Ok(Finding::unseen(
            "no authorization response carries `iss`, so there is nothing to advertise",
            "send `iss`",
        ));
    }
    at.note_metadata();
    let silent = at.server().metadata().find(|(_, document)| {
        document.get("authorization_response_iss_parameter_supported") != Some(&true.into())
    });
    Ok(match silent {
        None => Finding::Held,
        Some((place, document)) => Finding::violated(
            format!(
                "authorization responses carry `iss`, so {} has `authorization_response_iss_parameter_supported: true`",
                place.url
            ),
            document
                .get("authorization_response_iss_parameter_supported")
                .map_or_else(|| "no such member".into(), ToString::to_string),
        ),
    })
}

fn no_response(why: &str) -> Finding {
    Finding::unseen(why, plumb_runner::authorization_server::CONSENT)
}
