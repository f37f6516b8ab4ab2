//! basic/utilities/progress#behavior-requirements: progress that comes on the stream of GET when its call was answered.

use std::time::Duration;

use plumb_flows::confirmation::Confirmation;
use plumb_runner::{
    Bench, Declared, Finding, Judgement, Open, Probe, Session, Trouble, with_token,
};
use plumb_wire::jsonrpc::Message;
use plumb_wire::notification;
use serde_json::{Value, json};

use super::changes;

/// At most so many tools are called.
const TOOLS: usize = 4;

/// A message on one stream may pass one on another: what comes late is looked at so often.
const LOOKS: usize = 3;

/// What is on its way on the stream of GET when the answer is there comes within so long.
const ON_ITS_WAY: Duration = Duration::from_millis(150);

/// At most so many messages are passed over that are on their way.
const MESSAGES: usize = 64;

/// What comes behind the answer comes within so long.
const BEHIND: Duration = Duration::from_millis(250);

/// Judges each of these calls in a session that listens. A server that tells of progress on the stream of the call, and on the one
/// of GET once a later request is answered, has sent that behind the answer; of one that always takes the latter, what comes soon
/// may have been on its way.
pub(crate) async fn on_the_other_stream(
    bench: &Bench,
    calls: Vec<(String, Probe)>,
) -> Result<(), Trouble> {
    // Whoever grants no second session is judged by what came in the first.
    let Ok(session) = bench.session(Declared::Everything).await else { return Ok(()) };
    let mut ear = changes::ear(bench, &session).await;
    let mut heard = Ok(());
    if let Some(ear) = &mut ear {
        heard = each(bench, &session, ear, calls).await;
    }
    ear.map(|ear| bench.close(ear));
    session.end().await;
    heard
}

async fn each(
    bench: &Bench,
    session: &Session<'_>,
    ear: &mut Open,
    calls: Vec<(String, Probe)>,
) -> Result<(), Trouble> {
    for (n, (name, call)) in calls.into_iter().take(TOOLS).enumerate() {
        let mut confirmation = Confirmation::by(LOOKS);
        while confirmation.is_open() {
            confirmation.saw(behind(bench, session, ear, &call).await?);
        }
        let title = format!("{name:?} after its response, on the stream of GET");
        bench.case(&format!("listening-{}", n + 1), title, Ok(confirmation.finding()));
    }
    Ok(())
}

/// Judges what comes on the stream of GET behind the answer to a call.
async fn behind(bench: &Bench, session: &Session<'_>, ear: &mut Open, call: &Probe) -> Judgement {
    let token = json!(format!("plumb-{}", bench.fresh_id()));
    let seen = session.send(with_token(call.clone(), token.clone())).await?;
    if !seen.is_accepted() || !session.send(super::ping()).await?.is_accepted() {
        return Ok(Finding::unseen("the call is not served", "serve it in each session"));
    }
    let of_call = |m: &Message| {
        let of = |params: &Value| params.get("progressToken") == Some(&token);
        m.method() == Some(notification::PROGRESS) && m.params().is_some_and(of)
    };
    let mut told = seen.messages.iter().any(of_call);
    if !told {
        for _ in 0..MESSAGES {
            let Some(message) = ear.next_within(ON_ITS_WAY).await else { break };
            told |= of_call(&message);
        }
    }
    let late = ear.until(BEHIND, of_call).await;
    Ok(match late {
        Some(late) => Finding::violated(
            "no progress after the response",
            format!("on the stream of GET: {}", late.raw.lossy()),
        ),
        None if told => Finding::Held,
        None => Finding::unseen("no progress was reported", "report progress each time"),
    })
}
