//! What becomes of answers: streamable-http#sending-messages, basic#responses.

use futures_util::future::join_all;
use plumb_flows::{crossing, rounds};
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Prop, Trouble, check};
use plumb_wire::{header, meta, method, notification};
use serde_json::{Value, json};

/// So many requests are in flight at once.
const AT_ONCE: usize = 12;

check! {
    /// **Observed:** what the server itself answers with a status comes with the same one through the gateway: 202 for a
    /// notification, 404 for an unknown method, 400 for what cannot be read and for an unsupported version, 405 for GET, 401
    /// where it demands a token.
    ///
    /// **Why:** clients decide by the status: whether to fall back to an earlier revision, to ask for a token, to try again.
    ///
    /// **Fix:** hand the status on; map no 4xx to a page of errors, to 200 or to 502.
    pub(crate) STATUS = "gateway.answer.status";
    crossing: status
}

async fn status(bench: &Bench) -> Judgement {
    let status = |seen: &Observed| json!(seen.status());
    crossing::compared(bench, refused(bench), "the status", status).await
}

check! {
    /// **Observed:** the JSON-RPC errors of the server itself come through the gateway: code, message and data.
    ///
    /// **Why:** the code says whether a header was missing, a version is unsupported or a tool unknown, and the data which
    /// versions there are; a page of the gateway's own says none of it.
    ///
    /// **Fix:** hand bodies of 4xx and 5xx on (`proxy_intercept_errors off` in nginx).
    pub(crate) ERRORS = "gateway.answer.errors";
    crossing: errors
}

async fn errors(bench: &Bench) -> Judgement {
    let error = |seen: &Observed| seen.error().cloned().unwrap_or(Value::Null);
    crossing::compared(bench, refused(bench), "the error", error).await
}

check! {
    /// **Observed:** results come through the gateway as the server itself gives them, with `_meta`, `ttlMs`, `cacheScope`
    /// and members that nobody knows: every kind of request that the server offers, a call that fails, one with a structured
    /// result and one that asks for input among them, which a client asks without capabilities, too; and the second page
    /// of a list.
    ///
    /// **Why:** what a gateway leaves out since it does not know it is what the next version of the server is about.
    ///
    /// **Fix:** pass bodies on as they are. A gateway that changes lists on purpose (that hides or renames tools) is not the
    /// same server; see the position.
    pub(crate) RESULTS = "gateway.answer.results";
    crossing: results
}

async fn results(bench: &Bench) -> Judgement {
    let mut requests = crossing::requests(bench);
    requests.extend(bench.call(Prop::ErrorTool).ok().map(|call| ("failing-call", call)));
    requests.extend(bench.call(Prop::StructuredTool).ok().map(|call| ("structured-call", call)));
    // The first of them has a state, if any has.
    let asking = rounds::asking_requests(bench).await;
    if let Some(asking) = asking.first() {
        requests.extend([("asking", asking.probe()), ("asking-incapable", asking.bare())]);
    }
    requests.extend(second_page(bench).await?);
    crossing::compared(bench, requests, "the result", crossing::messages).await
}

/// The second page of the first list that has one.
async fn second_page(bench: &Bench) -> Result<Option<(&'static str, Probe)>, Trouble> {
    for base in [Base::ToolsList, Base::ResourcesList, Base::TemplatesList, Base::PromptsList] {
        let Some(probe) = bench.base(base) else { continue };
        let first = bench.send(probe.clone()).await?;
        bench.forget();
        let next = first.result().and_then(|r| r.get("nextCursor")).filter(|c| c.is_string());
        if let (Some(cursor), Some(method)) = (next, probe.method()) {
            let page = Probe::request(method, json!({"cursor": cursor}));
            return Ok(Some(("second-page", page)));
        }
    }
    Ok(None)
}

check! {
    /// **Observed:** the media type of answers, and that a refusal has a `WWW-Authenticate`, are through the gateway as the
    /// server itself has them. Further fields, such as `Via`, are the gateway's to add.
    ///
    /// **Why:** the media type tells a client whether to read a stream; the challenge is the only way to the authorization
    /// server.
    ///
    /// **Fix:** hand the fields on that are not hop-by-hop.
    pub(crate) HEADERS = "gateway.answer.headers";
    crossing: headers
}

async fn headers(bench: &Bench) -> Judgement {
    let view = |seen: &Observed| {
        let media = seen.exchange.answer.media_type();
        // Its parameters name the resource, which is another one at the gateway's address.
        json!({"media type": media, "challenge": seen.header("www-authenticate").next().is_some()})
    };
    let requests = [crossing::requests(bench), refused(bench)].concat();
    crossing::compared(bench, requests, "the fields", view).await
}

/// Requests that the server itself answers with something else than a result.
fn refused(bench: &Bench) -> Vec<(&'static str, Probe)> {
    let old = "1999-12-31";
    let unsupported = Probe::request(method::DISCOVER, json!({})).meta(meta::PROTOCOL_VERSION, old);
    let like = Probe::request(method::DISCOVER, json!({})).id(1);
    let mut all = vec![
        (
            "notification",
            Probe::notification(notification::CANCELLED, json!({"requestId": "plumb-none"})),
        ),
        ("unknown-method", Probe::request("plumb/unknown", json!({}))),
        ("unsupported-version", unsupported),
        ("no-json", Probe::bytes(&like, "{\"jsonrpc\": \"2.0\", ")),
        ("method-differs", like.clone().header(header::METHOD, "plumb/other")),
        ("no-token", like.without_token()),
    ];
    if bench.base(Base::ToolsList).is_some() {
        let params = json!({"name": "plumb_no_such_tool", "arguments": {}});
        all.push(("unknown-tool", Probe::request(method::TOOLS_CALL, params)));
    }
    if bench.base(Base::ResourcesList).is_some() {
        let params = json!({"uri": "plumb://no-such-resource"});
        all.push(("unknown-resource", Probe::request(method::RESOURCES_READ, params)));
    }
    if !bench.survey().dual_era {
        // A server of an earlier revision may open a stream that does not end.
        all.push(("get", Probe::bodiless("GET")));
    }
    // A status that asks for patience may be what the gateway makes of another.
    all.into_iter().map(|(slug, probe)| (slug, probe.once())).collect()
}

check! {
    /// **Observed:** of equal requests that are in flight at once through the gateway, each is answered under its own id.
    ///
    /// **Why:** a gateway that asks once for all of them, or answers from a cache, and leaves the id as it was gives one
    /// client the answer of another: it waits for ever, or takes it for something else.
    ///
    /// **Fix:** collapse and cache nothing whose id is part of the body, or put the id of each request in.
    pub(crate) OWN_ID = "gateway.answer.own-id";
    crossing: own_id
}

async fn own_id(bench: &Bench) -> Judgement {
    let base = bench.base(Base::ToolsList).or_else(|| bench.base(Base::Discover));
    let Some(base) = base else {
        return Ok(Finding::unseen(
            "the server answers no request that may be sent twice",
            "let it",
        ));
    };
    bench.control(base.clone()).await?;
    // What a cache would then give to all of them.
    bench.through(base.clone()).await?;
    let asked = (0..AT_ONCE)
        .map(|n| bench.through(base.clone().id(format!("plumb-{n}-{}", bench.fresh_id()))));
    for seen in join_all(asked).await {
        let seen = seen?;
        let own = |m: &plumb_wire::jsonrpc::Message| m.id() == seen.sent_id();
        if let Some(other) = seen.responses().find(|m| !own(m)) {
            return Ok(Finding::violated(
                format!("an answer to {}", seen.sent_id().unwrap_or(&Value::Null)),
                format!("through the gateway: one to {}", other.id().unwrap_or(&Value::Null)),
            ));
        }
    }
    Ok(Finding::Held)
}
