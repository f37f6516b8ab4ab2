//! basic/authorization#scope-challenge-handling: what a valid token with too few scopes gets.

use plumb_flows::auth::challenge::{bearer, shown};
use plumb_flows::auth::denied::{Denied, all_served, denied, each, each_challenge, served};
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, PRINCIPAL, Probe, Trouble, check};
use plumb_wire::codes;

/// The same is asked so often to see whether the answer stays.
const AGAIN: usize = 4;

check! {
    /// **Observed:** the challenge of a 401 names a scope, where some operation needs one.
    ///
    /// **Why:** a client that knows the scopes at once asks for them once, and for no more.
    ///
    /// **Fix:** add `scope` with the scopes that the request needs.
    pub(super) CHALLENGE = "auth.rs.scope-challenge";
    applies: [Auth];
    scenario: challenge
}

async fn challenge(bench: &Bench) -> Judgement {
    let denied = denied(bench).await?;
    if denied.is_empty() {
        return Ok(all_served());
    }
    for one in &denied {
        let seen = bench.send(one.probe.clone().without_token()).await?;
        // What is served to everybody is challenged by nobody.
        if seen.is_accepted() {
            continue;
        }
        let named = bearer(&seen).is_some_and(|c| !c.scopes().is_empty());
        return Ok(Finding::expect(named, "a Bearer challenge with `scope`", || shown(&seen)));
    }
    Err(Trouble::served_to_everybody())
}

check! {
    /// **Observed:** the same request without a token is challenged for the same scopes each time, in whatever order.
    ///
    /// **Why:** a client that gets another answer each time asks its user each time.
    ///
    /// **Fix:** derive the scopes from the operation.
    pub(super) CONSISTENT_SETS = "auth.rs.scope-consistent-sets";
    applies: [Auth];
    scenario: consistent_sets
}

async fn consistent_sets(bench: &Bench) -> Judgement {
    let Some(probe) = bench.base(Base::ToolsList).or_else(|| bench.base(Base::Discover)) else {
        return Ok(Finding::unseen("the target offers no request to send", "declare a capability"));
    };
    steady(bench, || Ok(probe.clone().without_token())).await
}

/// Whether the same request is challenged for the same scopes each time.
async fn steady(bench: &Bench, probe: impl Fn() -> Result<Probe, Trouble>) -> Judgement {
    let mut first: Option<Vec<String>> = None;
    for _ in 0..AGAIN {
        let seen = bench.send(probe()?).await?;
        let Some(challenge) = bearer(&seen) else {
            return Ok(Finding::unseen(
                format!("there is no challenge: {}", shown(&seen)),
                "send a Bearer challenge",
            ));
        };
        let scopes = challenge.scopes();
        let before = first.get_or_insert_with(|| scopes.clone());
        if *before != scopes {
            let (before, now) = (before.join(" "), scopes.join(" "));
            return Ok(Finding::violated(
                format!("the scopes {before:?} again"),
                format!("the scopes {now:?}"),
            ));
        }
    }
    Ok(Finding::Held)
}

check! {
    /// **Observed:** where a valid token that grants too little is refused with a challenge, the status is 403. A token with
    /// scopes that only look like those needed (longer, with a prefix, in the other case) grants too little.
    /// **Position:** a refusal without a challenge may mean that there is no such thing for that token, and is not judged.
    ///
    /// **Why:** on 401 a client gets the same token again, and is refused again.
    ///
    /// **Fix:** answer 403 for a lack of scopes or rights.
    pub(super) STATUS_403 = "auth.rs.status-403";
    applies: [Auth];
    scenario: status_403
}

async fn status_403(bench: &Bench) -> Judgement {
    // A status without a challenge may be that of what such a token cannot see.
    let judge = |denied: &Denied| match denied.seen.status() {
        Some(403) => Finding::Held,
        Some(_) if denied.seen.is_challenge() => Finding::violated("HTTP 403", shown(&denied.seen)),
        _ => Finding::unseen(
            format!("nothing says that scopes are lacking: {}", denied.seen.describe()),
            "answer HTTP 403",
        ),
    };
    let denied = denied(bench).await?;
    for denied in &denied {
        bench.note(&denied.seen);
        bench.case(&denied.slug, denied.title(), Ok(judge(denied)));
    }
    if denied.is_empty() {
        return Ok(all_served());
    }
    if let Some(first) = denied.iter().find(|d| d.scopes.is_empty()) {
        look_alikes(bench, first).await?;
    }
    bench.conclude()
}

/// What makes of a scope another that looks like it.
type Disguise = fn(&str) -> String;

/// Tries an operation that needs a scope with scopes that look like those of the run.
async fn look_alikes(bench: &Bench, denied: &Denied) -> Result<(), Trouble> {
    let auth = bench.auth()?;
    let alike: [(&str, Disguise); 3] = [
        ("longer", |scope| format!("{scope}-plumb")),
        ("prefixed", |scope| format!("plumb-{scope}")),
        ("other-case", |scope| scope.chars().map(other_case).collect()),
    ];
    for (slug, change) in alike {
        let scopes: Vec<String> = auth.scopes().iter().map(|scope| change(scope)).collect();
        if scopes == auth.scopes() {
            continue;
        }
        let Some(token) = auth.scoped_if_any(PRINCIPAL, &scopes)? else { continue };
        let seen = bench.send(denied.probe.clone().bearer(token.as_str())).await?;
        let title = format!("{} with scopes that look alike: {}", denied.slug, scopes.join(" "));
        let refused = !served(&seen);
        let finding = Finding::expect(refused, "refused, for want of scopes", || seen.describe());
        bench.case(&format!("{}-{slug}", denied.slug), title, Ok(finding));
    }
    Ok(())
}

fn other_case(letter: char) -> char {
    if letter.is_ascii_uppercase() {
        letter.to_ascii_lowercase()
    } else {
        letter.to_ascii_uppercase()
    }
}

check! {
    /// **Observed:** an operation that a token grants too little for is refused with HTTP 403, and not by an
    /// `isError` result or a JSON-RPC error with HTTP 200.
    ///
    /// **Why:** only the HTTP answer has the challenge from which the client learns which scopes to ask for.
    ///
    /// **Fix:** check scopes where the token is checked, before the message is worked on.
    pub(super) HTTP_403 = "auth.rs.scope-403";
    applies: [Auth];
    scenario: http_403
}

async fn http_403(bench: &Bench) -> Judgement {
    each(bench, |denied| {
        let seen = &denied.seen;
        let unknown = matches!(seen.code(), Some(codes::INVALID_PARAMS | codes::METHOD_NOT_FOUND));
        if unknown && seen.status() != Some(403) && !seen.is_challenge() {
            return Finding::unseen(
                format!("to such a token the operation is unknown: {}", seen.describe()),
                "show it what it may not do, and answer HTTP 403",
            );
        }
        Finding::expect(seen.status() == Some(403), "HTTP 403", || seen.describe())
    })
    .await
}

check! {
    /// **Observed:** a refusal for want of scopes has a `WWW-Authenticate` field with the scheme `Bearer`.
    ///
    /// **Why:** the challenge is what a client steps up by.
    ///
    /// **Fix:** send the challenge with every 403 for want of scopes.
    pub(super) BEARER = "auth.rs.scope-bearer-header";
    applies: [Auth];
    scenario: bearer_header
}

async fn bearer_header(bench: &Bench) -> Judgement {
    each_challenge(bench, "a Bearer challenge in WWW-Authenticate", |_| true).await
}

check! {
    /// **Observed:** the challenge says `error="insufficient_scope"`.
    ///
    /// **Why:** it tells a lack of scopes from any other 403.
    ///
    /// **Fix:** set the error code of RFC 6750 section 3.1.
    pub(super) ERROR_CODE = "auth.rs.scope-error-code";
    applies: [Auth];
    scenario: error_code
}

async fn error_code(bench: &Bench) -> Judgement {
    each_challenge(bench, "a challenge with error=\"insufficient_scope\"", |c| {
        c.parameter("error") == Some("insufficient_scope")
    })
    .await
}

check! {
    /// **Observed:** the challenge names the scopes that are needed.
    ///
    /// **Why:** without them a client can only guess what to ask for.
    ///
    /// **Fix:** add `scope` with the scopes of the operation.
    pub(super) SCOPE_PARAM = "auth.rs.scope-param";
    applies: [Auth];
    scenario: scope_param
}

async fn scope_param(bench: &Bench) -> Judgement {
    each_challenge(bench, "a challenge with `scope`", |c| !c.scopes().is_empty()).await
}

check! {
    /// **Observed:** the challenge says where the protected resource metadata is.
    ///
    /// **Why:** a client that steps up needs the authorization server again.
    ///
    /// **Fix:** add `resource_metadata`, as to a 401.
    pub(super) RESOURCE_METADATA = "auth.rs.scope-resource-metadata";
    applies: [Auth];
    scenario: resource_metadata
}

async fn resource_metadata(bench: &Bench) -> Judgement {
    each_challenge(bench, "a challenge with `resource_metadata`", |c| {
        c.parameter("resource_metadata").is_some()
    })
    .await
}

check! {
    /// **Observed:** a token with the scopes that it had and those of the challenge is not challenged for further
    /// scopes.
    ///
    /// **Why:** each further challenge is one more page that the user must consent to.
    ///
    /// **Fix:** put all scopes of the operation into one challenge.
    pub(super) SINGLE_CHALLENGE = "auth.rs.scope-single-challenge";
    applies: [Auth];
    scenario: single_challenge
}

async fn single_challenge(bench: &Bench) -> Judgement {
    let denied = denied(bench).await?;
    for denied in &denied {
        let Some(challenge) = bearer(&denied.seen).filter(|c| !c.scopes().is_empty()) else {
            continue;
        };
        let mut scopes = denied.scopes.clone();
        scopes.extend(challenge.scopes());
        let Some(token) = bench.auth()?.scoped_if_any(PRINCIPAL, &scopes)? else { continue };
        let seen = bench.send(denied.probe.clone().bearer(token.as_str())).await?;
        let expected = format!("no further challenge with the scopes {:?}", scopes.join(" "));
        let finding = Finding::expect(!seen.is_challenge(), expected, || shown(&seen));
        bench.case(&denied.slug, denied.title(), Ok(finding));
    }
    if denied.is_empty() { Ok(all_served()) } else { bench.conclude() }
}

check! {
    /// **Observed:** the same request with too few scopes is challenged for the same scopes each time.
    ///
    /// **Why:** a client plans by the first answer.
    ///
    /// **Fix:** derive the scopes from operation and token, and from nothing else.
    pub(super) STRATEGY = "auth.rs.scope-strategy-consistent";
    applies: [Auth];
    scenario: strategy
}

async fn strategy(bench: &Bench) -> Judgement {
    let denied = denied(bench).await?;
    for denied in &denied {
        let finding = steady(bench, || denied.again(bench)).await?;
        bench.case(&denied.slug, denied.title(), Ok(finding));
    }
    if denied.is_empty() { Ok(all_served()) } else { bench.conclude() }
}

check! {
    /// **Observed:** no challenge, of a 401 or for want of scopes, names `offline_access`.
    ///
    /// **Why:** no resource needs refresh tokens.
    ///
    /// **Fix:** name the scopes of the resource alone.
    pub(super) NO_OFFLINE_ACCESS = "auth.rs.no-offline-access-challenge";
    applies: [Auth];
    scenario: no_offline_access
}

async fn no_offline_access(bench: &Bench) -> Judgement {
    let mut challenged = Vec::new();
    if let Some(probe) = bench.base(Base::ToolsList).or_else(|| bench.base(Base::Discover)) {
        challenged.push(("no-token".to_owned(), bench.send(probe.without_token()).await?));
    }
    challenged.extend(denied(bench).await?.into_iter().map(|denied| (denied.slug, denied.seen)));
    for (slug, seen) in challenged {
        let Some(challenge) = bearer(&seen) else { continue };
        let offline = challenge.scopes().iter().any(|scope| scope == "offline_access");
        let finding =
            Finding::expect(!offline, "a challenge without offline_access", || shown(&seen));
        bench.case(&slug, format!("the challenge of {slug}"), Ok(finding));
    }
    bench.conclude()
}
