//! basic/patterns/subscriptions#cancellation: by whom a subscription ends, and what follows.

use std::sync::Arc;
use std::time::Duration;

use plumb_flows::quiet::Quiet;
use plumb_flows::subscription::{
    Change, DELIVERY, causable, filter, listen, listen_as, request, subscription_id,
    tells_of_change,
};
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Prop, Trouble, capable, check};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::process::Signal;
use plumb_wire::{meta, method, notification};
use serde_json::{Value, json};

/// A server that is asked to end does so within this time.
const SHUTDOWN: Duration = Duration::from_secs(4);

/// A process that has said its last word exits within this time.
const REST: Duration = Duration::from_millis(300);

/// Where nothing but silence can prove that a subscription is over.
const GRACE: Duration = Duration::from_millis(250);

check! {
    /// **Observed:** the stream of a subscription is closed, then the list changes: no message with its subscription
    /// id comes on the stream of another subscription or of the call, and the target goes on serving.
    ///
    /// **Why:** closing the stream is how a client cancels; what goes on after it is a leak.
    ///
    /// **Fix:** end the subscription when its connection closes.
    pub(crate) CLIENT_CANCEL_HTTP = "subs.client-cancel-http";
    applies: [Http];
    needs: [ChangeTools];
    isolation: Alone;
    scenario: closed_stream
}

async fn closed_stream(bench: &Bench) -> Judgement {
    let quiet = Quiet::Run(bench);
    let wanted = json!({"toolsListChanged": true});
    let (closed, _) = listen(bench, &quiet, wanted.clone()).await?;
    let id = closed.id().unwrap_or_default();
    bench.close(closed);
    let (mut other, _) = listen(bench, &quiet, wanted).await?;
    let caused = bench.control(capable(bench.call(Prop::ChangeTools)?)).await?;
    let fence = |m: &Message| tells_of_change(m) && subscription_id(m) != Some(&id);
    let stale = |m: &Message| subscription_id(m) == Some(&id);
    // What the closed one is still told may come before what the open one is told.
    let first = other.until(DELIVERY, |m| stale(m) || fence(m)).await;
    let told = first.is_some();
    let next = bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    let after = match first.filter(stale) {
        Some(early) => Some(early),
        None => other.until(GRACE, stale).await,
    };
    bench.close(other);
    let on_calls = caused
        .messages
        .iter()
        .chain(next.messages.iter())
        .find(|m| subscription_id(m) == Some(&id));
    Ok(match after.as_ref().or(on_calls) {
        Some(message) => {
            Finding::violated(format!("nothing more of the subscription {id}"), message.raw.lossy())
        }
        None if !told => {
            Finding::unseen("nobody was told of the change", "tell open subscriptions")
        }
        None => Finding::Held,
    })
}

check! {
    /// **Observed:** subscriptions, with an id like any other, with `0` and with an empty string, are cancelled by
    /// `notifications/cancelled`, then everything changes that can: no notification of them follows.
    ///
    /// **Why:** there is no stream to close; a server that does not listen to the cancellation tells for ever.
    ///
    /// **Fix:** end the subscription whose request id is named.
    pub(crate) CLIENT_CANCEL_STDIO = "subs.client-cancel-stdio";
    applies: [Stdio];
    needs: [ChangeTools];
    scenario: cancelled_listen
}

async fn cancelled_listen(bench: &Bench) -> Judgement {
    let ids = [("any", json!(bench.fresh_id())), ("zero", json!(0)), ("empty", json!(""))];
    for (slug, id) in ids {
        let quiet = Quiet::quiet(bench).await?;
        let judgement = silent_once_cancelled(bench, &quiet, &id).await;
        quiet.leave().await;
        bench.case(slug, format!("the subscription {id}, cancelled"), judgement);
    }
    bench.conclude()
}

async fn silent_once_cancelled(bench: &Bench, quiet: &Quiet<'_>, id: &Value) -> Judgement {
    let causes = causable(bench.survey());
    if causes.is_empty() {
        return Ok(Finding::unseen(
            "nothing that is declared to be told of can be changed",
            Prop::ChangeTools.how_to_enable(),
        ));
    }
    let (mut open, _) = listen_as(bench, quiet, filter(bench.survey()), Some(id.clone())).await?;
    quiet.send(Probe::notification(notification::CANCELLED, json!({"requestId": id}))).await?;
    // What was under way before the cancellation was read may still come.
    quiet.control(Probe::request(method::DISCOVER, json!({}))).await?;
    open.until(GRACE / 5, |_| false).await;
    for change in causes {
        quiet.control(capable(bench.call(change.cause)?)).await?;
    }
    let after = open.until(GRACE, |m| tells_of_change(m) || subscription_id(m) == Some(id)).await;
    bench.close(open);
    Ok(match after {
        Some(message) => {
            Finding::violated(format!("nothing more of the subscription {id}"), message.raw.lossy())
        }
        None => Finding::Held,
    })
}

/// What a target does with an open subscription when it is asked to end.
pub(crate) struct Teardown {
    /// The id of the subscription.
    pub(crate) id: Value,
    /// What came on it, the acknowledgment included.
    pub(crate) seen: Observed,
    /// Whether the stream came to an end by itself.
    pub(crate) ended: bool,
    /// Whether the process ended in order, as opposed to being ended by the signal.
    pub(crate) orderly: bool,
    /// Whether the end of its input is what such a process is to end by, and a signal need not be one.
    by_input: bool,
}

impl Teardown {
    /// The notification that the subscription is cancelled.
    pub(crate) fn cancelled(&self) -> Option<&Message> {
        self.seen.notifications(notification::CANCELLED).next()
    }

    /// The result that closes the subscription.
    pub(crate) fn result(&self) -> Option<&Message> {
        self.seen.messages.iter().find(|m| matches!(m.kind, Kind::Result))
    }

    /// Why there is nothing to judge, if so: a process that a signal ends tears nothing down.
    pub(crate) fn abrupt(&self) -> Option<Finding> {
        let silent = self.cancelled().is_none() && self.result().is_none();
        (silent && (!self.orderly || self.by_input)).then(|| {
            Finding::unseen(
                "the target does not end in order when it is asked to (SIGTERM): nothing is torn down",
                "handle SIGTERM: end the subscriptions, then exit",
            )
        })
    }
}

/// How the target ends an open subscription; one process tells all checks.
pub(crate) async fn tear_down(bench: &Bench) -> Result<Arc<Teardown>, Trouble> {
    let teardown = bench.shared("teardown", || torn_down(bench)).await?;
    bench.note(&teardown.seen);
    Ok(teardown)
}

/// Starts the target, subscribes, asks it to end, and watches.
async fn torn_down(bench: &Bench) -> Result<Teardown, Trouble> {
    let quiet = Quiet::own(bench).await?;
    let (mut open, _) = listen(bench, &quiet, filter(bench.survey())).await?;
    let Quiet::Own(instance) = quiet else {
        return Err(Trouble::Setup("no process of its own".into()));
    };
    // Asked for once: a session that has died is started again for whoever asks next.
    let session = match instance.process() {
        Some(_) => None,
        None => Some(instance.session().await?),
    };
    match (instance.process(), &session) {
        (Some(process), _) => process.signal(Signal::Terminate)?,
        (None, Some(session)) => session.signal(Signal::Terminate)?,
        (None, None) => return Err(Trouble::Setup("no process of its own".into())),
    }
    let (shutdown, rest) = (bench.lengthen(SHUTDOWN), bench.lengthen(REST));
    let deadline = tokio::time::Instant::now() + shutdown;
    let left = || deadline.saturating_duration_since(tokio::time::Instant::now());
    let mut answered = false;
    while let Some(message) = open.next_within(left()).await {
        if message.is_response() {
            answered = true;
            break;
        }
    }
    // One that only ends with its input was not asked by the signal, and tore nothing down.
    let heard = answered || open.is_ended();
    let exit = match (instance.process(), &session) {
        (_, Some(session)) => {
            session.close_stdin().await;
            session.wait_exit(left().max(rest)).await
        }
        (Some(process), None) => {
            while answered && open.next_within(left()).await.is_some() {}
            process.wait_exit(left().max(rest)).await
        }
        (None, None) => None,
    };
    let ended = match &session {
        Some(session) => session.wait_output_end(left().max(rest)).await,
        None => open.is_ended(),
    };
    // Shells and package managers tell of a signal by a code above 128.
    let by_itself = exit.is_some_and(|e| e.signal.is_none() && e.code.is_some_and(|c| c < 128));
    let id = open.id().unwrap_or_default();
    let seen = open.close();
    instance.stop().await;
    Ok(Teardown { id, seen, ended, orderly: heard && by_itself, by_input: session.is_some() })
}

check! {
    /// **Observed:** a target that ends in order (SIGTERM) answers its open subscriptions with a result first.
    ///
    /// **Why:** a stream that just ends looks like a broken connection, and the client reconnects.
    ///
    /// **Fix:** on shutdown, answer each open `subscriptions/listen` with `"resultType": "complete"`.
    pub(crate) GRACEFUL_RESULT = "subs.graceful-result";
    isolation: OwnProcess;
    scenario: graceful_result
}

async fn graceful_result(bench: &Bench) -> Judgement {
    let teardown = tear_down(bench).await?;
    if let Some(finding) = teardown.abrupt() {
        return Ok(finding);
    }
    let result = teardown.result();
    let complete =
        result.is_some_and(|r| r.id() == Some(&teardown.id) && r.result_type() == Some("complete"));
    Ok(Finding::expect(
        complete,
        format!("a complete result for the subscription {}", teardown.id),
        || result.map_or_else(|| teardown.seen.describe(), |r| r.raw.lossy().into_owned()),
    ))
}

check! {
    /// **Observed:** once a target has answered its open subscription on shutdown, the stream closes: the connection
    /// over HTTP, the output over standard streams.
    ///
    /// **Why:** the client waits for more that cannot come.
    ///
    /// **Fix:** end the stream after the result, and do not hold the process open.
    pub(crate) GRACEFUL_CLOSE = "subs.graceful-close-stream";
    isolation: OwnProcess;
    scenario: graceful_close
}

async fn graceful_close(bench: &Bench) -> Judgement {
    let teardown = tear_down(bench).await?;
    if teardown.result().is_none() {
        return Ok(teardown.abrupt().unwrap_or_else(no_result));
    }
    Ok(Finding::expect(teardown.ended, "the end of the stream after the result", || {
        "a stream still open".into()
    }))
}

fn no_result() -> Finding {
    Finding::unseen("the subscription was not answered with a result", "answer it on shutdown")
}

check! {
    /// **Observed:** the result that closes a subscription carries the subscription id in its `_meta`, equal to the
    /// request's id in value and type: on shutdown, and where a subscription to nothing is closed at once.
    ///
    /// **Why:** like every message of the stream it has to say to which subscription it belongs.
    ///
    /// **Fix:** set `io.modelcontextprotocol/subscriptionId` in the result's `_meta`.
    pub(crate) GRACEFUL_META = "subs.graceful-meta";
    isolation: OwnProcess;
    scenario: graceful_meta
}

async fn graceful_meta(bench: &Bench) -> Judgement {
    let teardown = tear_down(bench).await?;
    let judged = |result: &Message, id: &Value| {
        let carried =
            result.result().and_then(|r| r.get("_meta")).and_then(|m| m.get(meta::SUBSCRIPTION_ID));
        Finding::expect(carried == Some(id), format!("the subscription id {id} in `_meta`"), || {
            result.raw.lossy().into_owned()
        })
    };
    let finding = match teardown.result() {
        Some(result) => judged(result, &teardown.id),
        None => teardown.abrupt().unwrap_or_else(no_result),
    };
    bench.case("shutdown", "the result on shutdown", Ok(finding));
    let mut open = bench.open(request(json!({}))).await?;
    let result = open.until(GRACE, |m| matches!(m.kind, Kind::Result)).await;
    let id = open.id().unwrap_or_default();
    bench.close(open);
    if let Some(result) = result {
        bench.case("nothing", "the result of a subscription to nothing", Ok(judged(&result, &id)));
    }
    bench.conclude()
}

check! {
    /// **Observed:** after a subscription, a new connection, or over standard streams a new process, reads lists and
    /// causes changes without a subscription of its own: it is told of none.
    ///
    /// **Why:** a client that reconnects subscribes anew; what comes before has an id that it does not know.
    ///
    /// **Fix:** keep subscriptions with their stream, and nowhere else.
    pub(crate) NO_STATE = "subs.no-state-across-reconnect";
    isolation: Alone;
    scenario: no_state
}

async fn no_state(bench: &Bench) -> Judgement {
    let wanted = filter(bench.survey());
    let causes = causable(bench.survey());
    if wanted == json!({}) {
        return Ok(Finding::unseen(
            "there is nothing to subscribe to",
            "declare `listChanged` or `subscribe`",
        ));
    }
    let first = Quiet::quiet(bench).await?;
    let (open, _) = listen(bench, &first, wanted).await?;
    bench.close(open);
    first.leave().await;
    let second = Quiet::quiet(bench).await?;
    let told = told_unasked(bench, &second, &causes).await;
    second.leave().await;
    Ok(match told? {
        Some(message) => Finding::violated(
            "nothing of an earlier connection's subscription",
            message.raw.lossy(),
        ),
        None if causes.is_empty() => Finding::unseen(
            "nothing changed after the connection was another",
            Prop::ChangeTools.how_to_enable(),
        ),
        None => Finding::Held,
    })
}

/// What a connection without a subscription is told of while it reads and while lists change.
async fn told_unasked(
    bench: &Bench,
    quiet: &Quiet<'_>,
    causes: &[Change],
) -> Result<Option<Message>, Trouble> {
    let read = |method: &str| Probe::request(method, json!({})).fresh();
    let mut probes = vec![read(method::DISCOVER), read(method::TOOLS_LIST)];
    for change in causes {
        probes.push(capable(bench.call(change.cause)?).fresh());
    }
    probes.push(read(method::DISCOVER));
    for probe in probes {
        let seen = quiet.send(probe).await?;
        let strays = quiet.strays().await?;
        let told = seen.messages.iter().chain(&strays).find(|m| tells_of_change(m));
        if told.is_some() {
            return Ok(told.cloned());
        }
    }
    Ok(None)
}
