//! Cancelling a task, and what does not.

use std::time::Duration;

use plumb_flows::interruption;
use plumb_flows::task::life::{self, Life};
use plumb_runner::{Bench, Finding, Judgement, Probe, Prop, Trouble, brief, check, has_ended};
use plumb_wire::notification;
use serde_json::json;

use super::input::is_acknowledgment;

/// A task at work for so long is not over before it can be disturbed.
const AT_WORK: Duration = Duration::from_millis(400);

/// So many tools at most are called for a task that is not over when it is cancelled.
const TOOLS: usize = 3;

check! {
    /// **Observed:** a task is cancelled, at work where a tool takes its time; the answer is a result that holds nothing of the
    /// task. Position: what has ended before it is cancelled may be refused.
    ///
    /// **Why:** the cancellation takes effect when it does; a status in the answer says nothing about that.
    ///
    /// **Fix:** answer tasks/cancel with `{"resultType": "complete"}`, also where the work goes on.
    pub(crate) CANCEL_ACK = "tasks.cancel.ack";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: cancel_ack
}

async fn cancel_ack(bench: &Bench) -> Judgement {
    let slow = life::slow(bench, Duration::from_secs(5)).ok().map(|(found, _)| found);
    let asking = bench.survey().prop(Prop::InputTaskTool).cloned();
    let mut ended = String::new();
    for found in slow.into_iter().chain(asking).chain(life::tools(bench)).take(TOOLS) {
        let mut life = Life::begin(bench, &found).await?;
        let seen = life.cancel().await?;
        if seen.response().is_none() {
            return Err(Trouble::Setup(seen.describe()));
        }
        if !seen.is_refused() || !has_ended(life.poll().await?) {
            let fits = is_acknowledgment(&seen);
            return Ok(Finding::expect(fits, "an empty result", || seen.describe()));
        }
        ended = seen.describe();
    }
    Ok(Finding::unseen(
        format!("each task had ended before it was cancelled: {ended}"),
        "let a task be at work for some seconds",
    ))
}

check! {
    /// **Observed:** a task that completes when it is left alone is cancelled at work. Once it has ended it is cancelled,
    /// or completed if the work was faster; it has not failed.
    ///
    /// **Why:** a client tells its user that something went wrong, or tries again what the user stopped.
    ///
    /// **Fix:** keep the cancellation with the task, and look at it before an error of the work is written down.
    pub(crate) CANCELLED_STATUS = "tasks.cancelled-status";
    applies: [Declares(Tasks)];
    needs: [SlowTaskTool];
    scenario: cancelled_status
}

async fn cancelled_status(bench: &Bench) -> Judgement {
    // Left alone it completes.
    let (found, _) = life::slow(bench, AT_WORK)?;
    let mut alone = Life::begin(bench, &found).await?;
    alone.live().await?;
    if alone.status() != "completed" {
        let why = format!("left alone, a task of {} is {}", found.name, alone.status());
        return Ok(Finding::unseen(why, "let a slow task complete"));
    }
    let (found, _) = life::slow(bench, Duration::from_secs(3))?;
    let mut life = Life::begin(bench, &found).await?;
    life.cancel().await?;
    life.until(life::PATIENCE, |life| has_ended(life.last())).await?;
    Ok(match life.status() {
        "failed" => Finding::violated("status cancelled, or completed", brief(life.last())),
        _ if has_ended(life.last()) => Finding::Held,
        other => Finding::unseen(
            format!("the cancelled task is still {other}, as it may be"),
            "let a cancellation end a task",
        ),
    })
}

check! {
    /// **Observed:** while a task is at work, `notifications/cancelled` comes with the id of the call that made it; the
    /// task is not cancelled. Position: the call was answered, so there is nothing left to cancel by that name.
    ///
    /// **Why:** the notification may arrive late; the client asked for the task in full knowledge.
    ///
    /// **Fix:** let only tasks/cancel reach a task.
    pub(crate) NOTIFICATION_NO_EFFECT = "tasks.cancel.notification-no-effect";
    applies: [Stdio, Declares(Tasks)];
    needs: [SlowTaskTool];
    scenario: notification_no_effect
}

async fn notification_no_effect(bench: &Bench) -> Judgement {
    let (found, _) = life::slow(bench, AT_WORK)?;
    let mut life = Life::begin(bench, &found).await?;
    let id = life.created.sent_id().cloned();
    let params = json!({"requestId": id, "reason": "plumb wants to see whether the task minds"});
    bench.send(Probe::notification(notification::CANCELLED, params)).await?;
    lives_on(bench, &mut life, "the cancelled notification").await
}

check! {
    /// **Observed:** a task is made on a connection of its own, which is then closed; read on another, the task goes on to
    /// its end. Position: the call was answered, so closing the connection cancels nothing.
    ///
    /// **Why:** a task is there to outlive the connection.
    ///
    /// **Fix:** do not tie the work of a task to the request that made it.
    pub(crate) DISCONNECT_NO_EFFECT = "tasks.cancel.disconnect-no-effect";
    applies: [Http, Declares(Tasks)];
    needs: [SlowTaskTool];
    scenario: disconnect_no_effect
}

async fn disconnect_no_effect(bench: &Bench) -> Judgement {
    let (found, _) = life::slow(bench, AT_WORK)?;
    let mut open = bench.open(life::call(bench, &found).fresh()).await?;
    let answered = open.until(life::PATIENCE, plumb_wire::jsonrpc::Message::is_response).await;
    let created = bench.close(open);
    if answered.is_none() {
        return Ok(Finding::unseen(
            format!("the call was not answered: {}", created.describe()),
            "answer it",
        ));
    }
    let mut life = Life::of(bench, &found.name, created)?;
    let lives = lives_on(bench, &mut life, "the end of its connection").await;
    bench.case("stream-closed", format!("a task of {}", found.name), lives);
    interruption::cases(bench).await;
    bench.conclude()
}

async fn lives_on(bench: &Bench, life: &mut Life<'_>, after: &str) -> Judgement {
    life.live().await?;
    let surveyed = bench.survey().tasks.iter().find(|t| t.name == life.tool);
    let completes = surveyed.is_some_and(|t| t.last["status"] == "completed");
    match life.status() {
        "cancelled" => {
            Ok(Finding::violated(format!("a task that goes on after {after}"), "status cancelled"))
        }
        "failed" if completes => {
            Ok(Finding::violated(format!("a task that goes on after {after}"), brief(life.last())))
        }
        _ if has_ended(life.last()) => Ok(Finding::Held),
        other => Ok(Finding::unseen(format!("the task is still {other}"), "name a quicker tool")),
    }
}
