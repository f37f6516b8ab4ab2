//! ext:tasks#task-creation: what is worth a task.

use plumb_runner::{Bench, Finding, Judgement, check};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Work of less time is as well waited for.
const WORTH_A_TASK: time::Duration = time::Duration::SECOND;

check! {
    /// **Observed:** each task of the survey that completed without a question took at least a second by its own timestamps, or
    /// was still at work when the survey had watched it for longer.
    ///
    /// **Why:** the client pays with a poll, and often with a poll interval, for what a plain answer would have brought.
    ///
    /// **Fix:** answer quick work with its result; a server may decide for each request.
    pub(crate) LONG_WORK = "advice.task-for-long-work";
    applies: [Declares(Tasks)];
    scenario: long_work
}

async fn long_work(bench: &Bench) -> Judgement {
    for task in &bench.survey().tasks {
        let finding = match task.last["status"].as_str() {
            Some("working") => Finding::Held,
            Some("completed") => {
                let Some(took) = lasted(&task.last) else { continue };
                Finding::expect(took >= WORTH_A_TASK, "a task of a second or more", || {
                    format!("completed after {} ms", took.whole_milliseconds())
                })
            }
            _ => continue,
        };
        bench.note(&task.created);
        bench.case(&task.name, format!("a task of {}", task.name), Ok(finding));
    }
    bench.conclude()
}

fn lasted(task: &Value) -> Option<time::Duration> {
    let at = |member: &str| OffsetDateTime::parse(task[member].as_str()?, &Rfc3339).ok();
    Some(at("lastUpdatedAt")? - at("createdAt")?)
}
