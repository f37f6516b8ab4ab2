//! server/resources#subscriptions: what is told when a subscription was taken back.

use std::time::Duration;

use plumb_flows::confirmation::Confirmation;
use plumb_runner::{
    Bench, Declared, Finding, Judgement, Observed, Open, Probe, Prop, Session, check,
};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{method, notification};
use serde_json::{Value, json};

use super::changes::{ear, stray, updated};

/// A change of what is subscribed to is told within so long.
const TOLD: Duration = Duration::from_millis(1_500);

/// What is on its way when the subscription ends comes within so long.
const ON_ITS_WAY: Duration = Duration::from_millis(200);

/// What is told all the same comes within so long.
const BEHIND: Duration = Duration::from_millis(400);

/// What comes all the same is looked at so often, in sessions of their own.
const LOOKS: usize = 2;

check! {
    /// **Observed:** the resource that a tool is known to change is subscribed to, over HTTP with the stream of GET open; the tool
    /// is called, and `notifications/resources/updated` comes. Then `resources/unsubscribe` is answered, and the tool is called
    /// again: none comes for that resource, neither with the answer nor on the stream. What comes is looked at in a second session.
    ///
    /// **Why:** the client has forgotten the resource, and pays for each message.
    ///
    /// **Fix:** strike the resource from what the session has subscribed to, and look there before telling.
    pub(crate) UNSUBSCRIBED = "resources.unsubscribe.silent";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(ResourcesSubscribe)];
    needs: [UpdateResource];
    scenario: unsubscribed
}

async fn unsubscribed(bench: &Bench) -> Judgement {
    let uri = updated(bench)?;
    let mut confirmation = Confirmation::by(LOOKS);
    while confirmation.is_open() {
        let session = bench.session(Declared::Nothing).await?;
        let mut ear = ear(bench, &session).await;
        let judged = silent(bench, &session, ear.as_mut(), &uri).await;
        ear.map(|ear| bench.close(ear));
        session.end().await;
        confirmation.saw(judged?);
    }
    Ok(confirmation.finding())
}

async fn silent(
    bench: &Bench,
    session: &Session<'_>,
    mut ear: Option<&mut Open>,
    uri: &str,
) -> Judgement {
    let of = |method: &str| Probe::request(method, json!({"uri": uri}));
    let is_told = |m: &Message| {
        let about = m.params().and_then(|params| params.get("uri")).and_then(Value::as_str);
        m.method() == Some(notification::RESOURCE_UPDATED) && about == Some(uri)
    };
    session.control(of(method::OLD_SUBSCRIBE)).await?;
    let seen = session.control(bench.call(Prop::UpdateResource)?).await?;
    if !comes(bench, session, (ear.as_deref_mut(), &seen), TOLD, is_told).await {
        return Ok(Finding::unseen(
            "no change was told while the resource was subscribed to",
            "see `resources.subscribe.updates`",
        ));
    }
    session.control(of(method::OLD_UNSUBSCRIBE)).await?;
    match ear.as_deref_mut() {
        Some(ear) => _ = ear.until(ON_ITS_WAY, |_| false).await,
        None => _ = stray(bench, session, ON_ITS_WAY, |_| false).await,
    }
    let seen = session.control(bench.call(Prop::UpdateResource)?).await?;
    let late = comes(bench, session, (ear, &seen), BEHIND, is_told).await;
    Ok(Finding::expect(!late, format!("no update of {uri} behind `resources/unsubscribe`"), || {
        format!("{} came for it", notification::RESOURCE_UPDATED)
    }))
}

/// Whether a message comes with an answer, or beside it.
async fn comes(
    bench: &Bench,
    session: &Session<'_>,
    (ear, seen): (Option<&mut Open>, &Observed),
    within: Duration,
    is_told: impl Fn(&Message) -> bool,
) -> bool {
    if seen.messages.iter().any(&is_told) {
        return true;
    }
    match ear {
        Some(ear) => ear.until(within, is_told).await.is_some(),
        None if bench.survey().transport.has_heads() => false,
        None => stray(bench, session, within, is_told).await,
    }
}
