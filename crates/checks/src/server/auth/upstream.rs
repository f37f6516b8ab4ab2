//! basic/authorization/security-considerations#access-token-privilege-restriction: what the target sends to others.

use plumb_runner::{Bench, Finding, Judgement, PRINCIPAL, Prop, Trouble, check};

/// What the service behind the tool got, and the token that the tool was called with.
struct Forwarded {
    /// The values of the `Authorization` fields.
    authorization: Vec<String>,
    /// All else that may hold a token.
    elsewhere: Vec<String>,
    token: String,
}

/// Calls the tool that asks another service, which the authorization server of the run plays.
async fn forwarded(bench: &Bench) -> Result<Forwarded, Trouble> {
    let auth = bench.auth()?;
    let token = auth.token(&auth.access(PRINCIPAL))?;
    let before = auth.requests().last().map(|r| r.number);
    bench.control(bench.call(Prop::UpstreamTool)?.bearer(token.as_str())).await?;
    let mut found =
        Forwarded { authorization: Vec::new(), elsewhere: Vec::new(), token: token.into_string() };
    let mut asked = 0;
    let since = |r: &plumb_runner::LoggedRequest| before.is_none_or(|before| r.number > before);
    // Keys are fetched and tokens introspected at the authorization server itself: that is no other service.
    for request in
        auth.requests().into_iter().filter(since).filter(|r| r.path.starts_with("/upstream"))
    {
        asked += 1;
        found.elsewhere.extend([request.path, request.query.unwrap_or_default(), request.body]);
        for (name, value) in request.headers {
            let own = name.eq_ignore_ascii_case("authorization");
            if own { found.authorization.push(value) } else { found.elsewhere.push(value) }
        }
    }
    if asked == 0 {
        return Err(Trouble::unseen(
            "the tool did not ask the service at {auth.upstream}",
            "let the tool send a request to the address that {auth.upstream} stands for",
        ));
    }
    Ok(found)
}

check! {
    /// **Observed:** the service behind a tool (`call_upstream`, or `[props.upstream-tool]`, told to ask
    /// `{auth.upstream}`) gets another token in `Authorization` than the server got, or none.
    ///
    /// **Why:** a token that is passed through lets each service act as the client at each other one.
    ///
    /// **Fix:** get a token of the server's own for the service behind, by token exchange or client credentials.
    pub(super) NO_PASSTHROUGH = "auth.rs.no-passthrough";
    applies: [Auth];
    needs: [UpstreamTool];
    scenario: no_passthrough
}

async fn no_passthrough(bench: &Bench) -> Judgement {
    let found = forwarded(bench).await?;
    let passed = found.authorization.iter().any(|value| value.contains(&found.token));
    Ok(Finding::expect(!passed, "a request without the token of the client", || {
        "the `Authorization` field of the client, passed on".into()
    }))
}

check! {
    /// **Observed:** the service behind a tool finds the token of the client neither in the address nor in the body, nor
    /// in any other header field.
    ///
    /// **Why:** a token is for the server that it was issued for, under whatever name it travels on.
    ///
    /// **Fix:** do not put the token into requests, logs or parameters for anybody.
    pub(super) NO_TRANSIT = "auth.rs.no-transit";
    fact: "auth.rs.audience";
    applies: [Auth];
    needs: [UpstreamTool];
    scenario: no_transit
}

async fn no_transit(bench: &Bench) -> Judgement {
    let found = forwarded(bench).await?;
    let passed = found.elsewhere.iter().any(|text| text.contains(&found.token));
    Ok(Finding::expect(!passed, "a request without the token of the client", || {
        "the token of the client, in address, body or another field".into()
    }))
}
