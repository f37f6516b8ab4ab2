//! server/utilities/caching#cache-scope-field, basic/authorization#token-handling: what is one's is nothing to whoever else asks.

use plumb_flows::crossing;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, TokenDeviation, check};
use serde_json::json;

use crate::server::caching::CACHEABLE;

/// A member of `_meta` that makes a request one that nobody has sent before.
const FRESH: &str = "com.example/plumb-fresh";

check! {
    /// **Observed:** a request with the run's credentials, whose result the server calls `private`, is sent through the
    /// gateway twice; then the same one without credentials, and with a token that nobody has given out, which the server
    /// itself refuses. Both are refused through the gateway, too.
    ///
    /// **Why:** a cache that does not tell callers apart gives everybody what belongs to one, and the server never learns
    /// of it.
    ///
    /// **Fix:** make `Authorization` part of the key, or cache nothing that is not `cacheScope: "public"`.
    pub(crate) PRIVATE = "gateway.cache.private";
    crossing: private
}

async fn private(bench: &Bench) -> Judgement {
    for (slug, probe) in crossing::requests(bench) {
        if !probe.method().is_some_and(|m| CACHEABLE.contains(&m)) {
            continue;
        }
        let title = format!("`{}`, by who has no credentials", probe.method().unwrap_or(slug));
        bench.case(slug, title, kept_apart(bench, &probe).await);
    }
    bench.conclude()
}

async fn kept_apart(bench: &Bench, probe: &Probe) -> Judgement {
    let probe = probe.clone().meta(FRESH, json!(bench.fresh_id().to_string()));
    let strangers = [probe.clone().without_token(), probe.clone().bearer("plumb-nobody")];
    for stranger in &strangers {
        if bench.send(stranger.clone()).await?.is_accepted() {
            return Ok(Finding::unseen(
                "the server itself answers who has no credentials",
                "judge a protected server, with --bearer, -H 'Authorization: …' or --auth",
            ));
        }
    }
    let direct = bench.control(probe.clone()).await?;
    if !is_private(&direct) {
        return Ok(Finding::unseen(
            "the server calls the result public, so a gateway may give it to anybody",
            "nothing, if that is meant",
        ));
    }
    // A gateway may have credentials of its own for whoever comes; a call is never cached, and tells.
    let lets_in =
        match crossing::requests(bench).into_iter().find(|(slug, _)| *slug == "tools-call") {
            Some((_, call)) => bench.through(call.without_token()).await?.is_accepted(),
            None => false,
        };
    if lets_in {
        return Ok(Finding::unseen(
            "the gateway lets in who has no credentials, so it has some of its own",
            "nothing, if that is meant",
        ));
    }
    for _ in 0..2 {
        bench.through(probe.clone()).await?;
    }
    for stranger in strangers {
        let through = bench.through(stranger).await?;
        if through.is_accepted() {
            return Ok(Finding::violated(
                "a private result for nobody but who has asked: the server itself refuses",
                format!("through the gateway: {}", through.describe()),
            ));
        }
    }
    Ok(Finding::Held)
}

check! {
    /// **Observed:** a request with the run's credentials is answered through the gateway, and the same without credentials is not. With a
    /// token that nobody has given out, and with one for another resource where the run has one (`--login`, `--auth`), the server
    /// itself refuses it, and so it is refused through the gateway.
    ///
    /// **Why:** a gateway that asks for a token, does not look at it and goes on with credentials of its own opens the server to
    /// whoever has a token of anything.
    ///
    /// **Fix:** pass the token on as it is, or validate its signature, its issuer and its audience before you use credentials of your
    /// own.
    pub(crate) TOKENS = "gateway.request.tokens";
    crossing: tokens
}

async fn tokens(bench: &Bench) -> Judgement {
    // A call is never cached; other requests are made such as nobody has sent.
    let all = crossing::requests(bench);
    let Some((_, probe)) = all.iter().find(|(slug, _)| *slug == "tools-call").or(all.first())
    else {
        return Ok(Finding::unseen("there is nothing to ask", "declare a capability"));
    };
    let fresh = || probe.clone().meta(FRESH, json!(bench.fresh_id().to_string()));
    bench.control(fresh()).await?;
    let crosses = bench.through(fresh()).await?;
    if !crosses.is_accepted() || bench.through(fresh().without_token()).await?.is_accepted() {
        return Ok(Finding::unseen(
            "the gateway lets in who has no credentials, or nobody",
            "judge a protected server, with --bearer, -H 'Authorization: …' or --auth",
        ));
    }
    let other = bench.auth().and_then(|auth| auth.broken(TokenDeviation::AudienceOther));
    let other = other.ok().map(|token| token.as_str().to_owned());
    for (slug, title, token) in [
        ("nobody", "a token that nobody has given out", Some("plumb-nobody".to_owned())),
        ("audience-other", "a token for another resource", other),
    ] {
        let Some(token) = token else { continue };
        let judged = refused_both_ways(bench, || fresh().bearer(&token)).await;
        bench.case(slug, title, judged);
    }
    bench.conclude()
}

async fn refused_both_ways(bench: &Bench, probe: impl Fn() -> Probe) -> Judgement {
    if bench.send(probe()).await?.is_accepted() {
        return Ok(Finding::unseen(
            "the server itself takes that token",
            "nothing: it is for the server to choose",
        ));
    }
    let mut through = bench.through(probe()).await?;
    if through.is_accepted() {
        through = bench.through(probe()).await?;
    }
    Ok(Finding::expect(!through.is_accepted(), "a refusal, as by the server itself", || {
        format!("through the gateway: {}", through.describe())
    }))
}

fn is_private(seen: &Observed) -> bool {
    seen.complete().and_then(|result| result.get("cacheScope")).is_some_and(|s| s == "private")
}
