//! `iss` in authorization responses (RFC 9207).

use plumb_runner::authorization_server::{AsBench, Changes, Client, Landing};
use plumb_runner::{Bench, Finding, Judgement, Trouble, check};

check! {
    /// **Observed:** a correct authorization request leads back to the client with a code and with `iss`, which is the
    /// issuer, character by character.
    ///
    /// **Why:** `iss` tells a client that talks to several servers which of them answered; without it a malicious one can
    /// have codes of an honest one sent to itself.
    ///
    /// **Fix:** add the parameter `iss` to every authorization response, with the value of `issuer` in the metadata.
    pub(crate) INCLUDED = "auth.as.iss-included";
    scenario: included;
}

check! {
    /// **Observed:** authorization requests with one fault each (an unknown response type, no code challenge, an unknown
    /// scope, `prompt=none` without a session). Every redirect that carries `error` carries `iss`, the issuer.
    ///
    /// **Why:** a mix-up works with error responses as well.
    ///
    /// **Fix:** add `iss` where redirects are made, not where codes are.
    pub(crate) IN_ERRORS = "auth.as.iss-in-errors";
    scenario: in_errors;
}

check! {
    /// **Observed:** if any authorization response carries `iss`, every metadata document of the server says
    /// `"authorization_response_iss_parameter_supported": true`.
    ///
    /// **Why:** a client demands `iss` only of servers that announce it, so an unannounced one protects nobody.
    ///
    /// **Fix:** add the member to the metadata.
    pub(crate) ADVERTISED = "auth.as.iss-advertised";
    scenario: advertised;
}

async fn included(bench: &Bench) -> Judgement {
    let at = bench.authorization_server()?;
    let grant = at.grant(&at.any_client().await?).await?;
    Ok(names_issuer(&at, &grant.landing, "an authorization request"))
}

fn names_issuer(at: &AsBench<'_>, landing: &Landing, sent: &str) -> Finding {
    let issuer = at.server().issuer();
    let told = landing.back().and_then(|parameters| parameters.get("iss"));
    Finding::expect(
        told.is_some_and(|t| t == issuer),
        format!("{sent}: the redirect has `iss={issuer}`"),
        || landing.describe(),
    )
}

/// Requests with one fault each, and where they led.
async fn faults(
    at: &AsBench<'_>,
    client: &Client,
) -> Result<Vec<(&'static str, &'static str, Landing)>, Trouble> {
    let probes: [(&str, &str, Changes<'_>); 4] = [
        ("response-type", "`response_type=plumb`", &[("response_type", Some("plumb"))]),
        (
            "challenge",
            "no `code_challenge`",
            &[("code_challenge", None), ("code_challenge_method", None)],
        ),
        ("scope", "`scope=plumb-unknown`", &[("scope", Some("plumb-unknown"))]),
        ("prompt", "`prompt=none` without a session", &[("prompt", Some("none"))]),
    ];
    let mut landed = Vec::new();
    for (slug, sent, changes) in probes {
        landed.push((slug, sent, at.ask(client, changes).await?.0));
    }
    Ok(landed)
}

async fn in_errors(bench: &Bench) -> Judgement {
    let at = bench.authorization_server()?;
    let client = at.any_client().await?;
    let mut seen = false;
    for (slug, sent, landing) in faults(&at, &client).await? {
        if landing.back().is_some_and(|parameters| parameters.contains_key("error")) {
            seen = true;
            bench.note(&landing.seen);
            let title = format!("{sent}: the error response names the issuer");
            bench.case(slug, title, Ok(names_issuer(&at, &landing, sent)));
        }
    }
    if seen {
        bench.conclude()
    } else {
        Ok(no_response("no faulty request led back to the client with an error"))
    }
}

async fn advertised(bench: &Bench) -> Judgement {
    let at = bench.authorization_server()?;
    let client = at.any_client().await?;
    let mut landings: Vec<Landing> =
        faults(&at, &client).await?.into_iter().map(|(_, _, landing)| landing).collect();
    landings.push(at.ask(&client, &[]).await?.0);
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
