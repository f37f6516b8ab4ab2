//! basic#statelessness: nothing of a request outlives it.

use plumb_flows::interruption;
use plumb_flows::quiet::Quiet;
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Prop, Trouble, check};
use plumb_wire::{header, meta};
use serde_json::{Value, json};

use super::capabilities::{asked, asking_requests, everything, slug};

/// The connection on which one request follows another.
const CONNECTION: &str = "memory";

check! {
    /// **Observed:** on a connection or process on which nothing was declared yet, what asks for input asks for none; then a
    /// request that declares every capability is asked, and the next one, which declares nothing, is not. What asks
    /// whoever declares nothing remembers nothing: that is judged elsewhere.
    ///
    /// **Why:** the next request on a connection can be another client's: gateways share connections.
    ///
    /// **Fix:** take the capabilities from the request at hand; keep none on the connection.
    pub(crate) NO_REMEMBERED_CAPABILITIES = "base.stateless.no-remembered-capabilities";
    fact: "base.meta.no-rely-undeclared";
    scenario: no_remembered_capabilities
}

async fn no_remembered_capabilities(bench: &Bench) -> Judgement {
    // Over standard streams the process is the connection, and that of the run has heard everything.
    let quiet = if bench.survey().transport.shares_processes() {
        Quiet::Run(bench)
    } else {
        Quiet::fresh(bench).await?
    };
    let mut unasked = Vec::new();
    for (n, (what, probe)) in asking_requests(bench).into_iter().enumerate() {
        let probe = probe.on(&format!("{CONNECTION}-{n}"));
        let before = quiet.send(probe.clone().capabilities(json!({}))).await?;
        if asked(&before).is_empty() {
            unasked.push((what, probe));
        }
        bench.forget();
    }
    let mut tried = 0;
    for (what, probe) in unasked {
        if let Some(judgement) = forgets(&quiet, &probe).await.transpose() {
            tried += 1;
            bench.case(
                &slug(&what),
                format!("{what} with no capability, with every one, then with none"),
                judgement,
            );
        }
    }
    quiet.leave().await;
    if tried > 0 {
        return bench.conclude();
    }
    Ok(Finding::unseen(
        "nothing that the target offers asks for input just where the client declares the capability",
        "offer a tool that does, marked `readOnlyHint: true`, or name one in plumb.toml: [props.elicit-tool]",
    ))
}

/// Whether the capabilities of one request are forgotten by the next; `None` if there is nothing to forget.
async fn forgets(quiet: &Quiet<'_>, probe: &Probe) -> Result<Option<Finding>, Trouble> {
    if asked(&quiet.control(probe.clone().capabilities(everything())).await?).is_empty() {
        return Ok(None);
    }
    let after = quiet.send(probe.clone().capabilities(json!({}))).await?;
    match asked(&after).first() {
        Some(method) => Ok(Some(Finding::violated(
            "no input request, since this request declares no capability",
            format!("an input request {method}"),
        ))),
        None if after.is_accepted() || after.is_refused() => Ok(Some(Finding::Held)),
        None => Err(Trouble::Setup(after.describe())),
    }
}

check! {
    /// **Observed:** on one connection or process, a request without a protocol version is refused although the one before
    /// it named this revision.
    ///
    /// **Why:** a version that a server remembers is the version of whoever spoke before.
    ///
    /// **Fix:** require the version of each request. Position: any refusal counts here; the code is judged elsewhere.
    pub(crate) NO_REMEMBERED_VERSION = "base.stateless.no-remembered-version";
    applies: [ModernOnly];
    scenario: no_remembered_version
}

async fn no_remembered_version(bench: &Bench) -> Judgement {
    let bases = [
        Base::Discover,
        Base::ToolsList,
        Base::ToolsCall,
        Base::ResourcesList,
        Base::TemplatesList,
        Base::ResourcesRead,
        Base::PromptsList,
        Base::PromptsGet,
        Base::Complete,
    ];
    for base in bases {
        let Some(probe) = bench.base(base).map(|p| p.on(CONNECTION)) else { continue };
        bench.control(probe.clone()).await?;
        let revision = &bench.edition().revision;
        let broken =
            probe.without_meta(meta::PROTOCOL_VERSION).header(header::PROTOCOL_VERSION, revision);
        let seen = bench.send(broken).await?;
        let finding = if seen.is_refused() || seen.is_accepted() {
            Ok(Finding::expect(
                seen.is_refused(),
                "a refusal, since this request names no version",
                || seen.describe(),
            ))
        } else {
            Err(Trouble::Setup(seen.describe()))
        };
        bench.case(base.name(), format!("{} with a version, then without", base.name()), finding);
    }
    bench.conclude()
}

check! {
    /// **Observed:** on one connection or process, a tool that tells who the client is does not tell the name of the one
    /// before when the request gives none.
    ///
    /// **Why:** one user's name in another user's answer is a leak.
    ///
    /// **Fix:** read clientInfo from the request at hand, and treat its absence as "unknown".
    pub(crate) NO_REMEMBERED_IDENTITY = "base.stateless.no-remembered-identity";
    needs: [IdentityTool];
    scenario: no_remembered_identity
}

async fn no_remembered_identity(bench: &Bench) -> Judgement {
    let probe = bench.call(Prop::IdentityTool)?.on(CONNECTION);
    let name = format!("plumb-client-{}", bench.fresh_id());
    let info = json!({"name": name, "version": "1.0.0"});
    let first = bench.control(probe.clone().meta(meta::CLIENT_INFO, info)).await?;
    let tells = |seen: &Observed| seen.result().is_some_and(|r| r.to_string().contains(&name));
    if !tells(&first) {
        return Ok(Finding::unseen(
            "the tool does not tell the name that the client gives",
            "name a tool that does in plumb.toml: [props.identity-tool]",
        ));
    }
    let anonymous = probe.without_meta(meta::CLIENT_INFO);
    for (slug, title, probe) in [
        ("same", "a request without clientInfo on the same connection", anonymous.clone()),
        ("other", "a request without clientInfo on another connection", anonymous.fresh()),
    ] {
        let second = bench.send(probe).await?;
        let judgement = if second.is_accepted() {
            Ok(Finding::expect(
                !tells(&second),
                "not the name that an earlier request gave",
                || second.describe(),
            ))
        } else {
            Err(Trouble::Setup(format!("a request without clientInfo: {}", second.describe())))
        };
        bench.case(slug, title, judgement);
    }
    bench.conclude()
}

check! {
    /// **Observed:** an item that one call put into the basket of a handle cannot be added without a handle by the next
    /// call on the same connection; with the handle the basket is reached from another connection.
    ///
    /// **Why:** "the last one on this connection" is somebody else's as soon as a connection or a process is shared.
    ///
    /// **Fix:** mint a handle, return it, and take it as a required argument of every later call. Position: it is judged on
    /// the basket tools of the text's example (`create_basket`, `add_item`), where the user allows them to be called.
    pub(crate) EXPLICIT_STATE_ID = "base.stateless.explicit-state-id";
    scenario: explicit_state_id
}

async fn explicit_state_id(bench: &Bench) -> Judgement {
    let callable = |name: &str| bench.survey().callable.iter().any(|c| c.tool["name"] == name);
    if !callable("create_basket") || !callable("add_item") {
        return Ok(Finding::unseen(
            "the target has no basket tools that may be called",
            "offer `create_basket` and `add_item` and allow them: `--allow-calls create_basket --allow-calls add_item`",
        ));
    }
    let call = |name: &str, arguments: Value| bench.call_of(name, arguments);
    let made = bench.control(call("create_basket", json!({})).on(CONNECTION)).await?;
    let handle = made.result().and_then(|r| r.pointer("/structuredContent/basket_id")).cloned();
    let Some(handle) = handle else {
        return Err(Trouble::Setup("create_basket returned no `basket_id`".into()));
    };
    let added = bench
        .send(call("add_item", json!({"basket_id": handle, "sku": "plumb-1"})).fresh())
        .await?;
    bench.case(
        "with-handle",
        "an item is added by handle from another connection",
        Ok(served(&added)),
    );
    let without = || call("add_item", json!({"sku": "plumb-2"}));
    for (slug, title, probe) in [
        ("without-handle", "an item is added without a handle", without().on(CONNECTION)),
        (
            "elsewhere",
            "an item is added without a handle, on another connection",
            without().fresh(),
        ),
    ] {
        let blind = bench.send(probe).await?;
        let judgement = if blind.is_accepted() || blind.is_refused() {
            let reached = served(&blind) == Finding::Held;
            let expected = "no item added, since the call names no basket";
            Ok(Finding::expect(!reached, expected, || blind.describe()))
        } else {
            Err(Trouble::Setup(blind.describe()))
        };
        bench.case(slug, title, judgement);
    }
    bench.conclude()
}

fn served(seen: &Observed) -> Finding {
    let fits = seen.complete().is_some_and(|r| r["isError"] != true);
    Finding::expect(fits, "the call is served", || seen.describe())
}

/// The second page of each list, as a request of its own.
async fn second_pages(bench: &Bench) -> Result<Vec<(&'static str, Probe)>, Trouble> {
    let bases = [Base::ToolsList, Base::ResourcesList, Base::TemplatesList, Base::PromptsList];
    let mut pages = Vec::new();
    for base in bases {
        let Some(probe) = bench.base(base) else { continue };
        let first = bench.control(probe.clone().on(CONNECTION)).await?;
        if let Some(cursor) =
            first.result().and_then(|r| r.get("nextCursor")).and_then(Value::as_str)
        {
            pages.push((base.name(), probe.param("cursor", cursor)));
        }
    }
    Ok(pages)
}

check! {
    /// **Observed:** the cursor of a first page is good on another connection; over standard streams, in another process of
    /// the same server. So are the answers to what a call asks for, in each of its rounds. With replicas, it is good on each, and after a restart, and leads to the same page.
    ///
    /// **Why:** behind a load balancer the next request goes anywhere.
    ///
    /// **Fix:** write into the cursor what the next page needs, signed if need be, with a key that all replicas share.
    pub(crate) NO_CONNECTION_AFFINITY = "base.stateless.no-connection-affinity";
    scenario: no_connection_affinity
}

async fn no_connection_affinity(bench: &Bench) -> Judgement {
    let pages = second_pages(bench).await?;
    let mut others = Vec::new();
    if !bench.survey().transport.shares_processes() {
        // Two, so that none sees two rounds in a row.
        others = vec![bench.ready_instance().await?, bench.ready_instance().await?];
    }
    for (list, probe) in pages {
        // The cursor is good where it was made.
        bench.control(probe.clone().on(CONNECTION)).await?;
        let seen = match others.first() {
            Some(instance) => instance.send(probe).await?,
            None => bench.send(probe.fresh()).await?,
        };
        let finding = Finding::expect(seen.is_accepted(), "the second page", || seen.describe());
        bench.case(
            list,
            format!("{list}: the second page over another connection or process"),
            Ok(finding),
        );
    }
    let walked = plumb_flows::rounds::rounds_elsewhere(bench, &others).await?;
    for instance in others {
        instance.leave().await;
    }
    interruption::cases(bench).await;
    match bench.conclude()? {
        Finding::Unseen { .. } if walked == 0 => Ok(Finding::unseen(
            "no list of the target has a second page, and nothing asks for input",
            "let a list have more than one page",
        )),
        finding => Ok(finding),
    }
}
