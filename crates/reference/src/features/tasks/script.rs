//! What a task does, step by step, and where that leaves it at a given time.

use serde_json::{Map, Value, json};

use super::record::{POLL_MS, Record};
use crate::content::text;
use crate::features::forms;
use crate::features::mrtr::Input;
use crate::message::RpcError;

/// How a task ends, by its arguments and the answers to its questions.
type Ending = fn(&Map<String, Value>, &Map<String, Value>) -> End;

/// What a task does until it ends.
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
    pub(super) end: Ending,
}

pub(super) enum Step {
    /// Works for so many milliseconds.
    Work(u64),
    /// Waits until all of these are answered.
    Ask(Vec<(&'static str, Input)>),
}

/// What the plain request would have returned.
pub(super) enum End {
    Result(Value),
    Error { code: i64, message: &'static str },
}

/// Where a task stands.
pub(super) struct View {
    pub(super) status: &'static str,
    pub(super) message: &'static str,
    /// When it was last updated, in milliseconds since 1970.
    pub(super) since: u64,
    /// What is outstanding.
    pub(super) asks: Vec<(&'static str, Input)>,
    pub(super) end: Option<End>,
    /// When it moves on by itself.
    pub(super) next: Option<u64>,
}

/// The time that work takes when nothing says how long.
const MOMENT: u64 = 30;

impl Script {
    /// The script of a tool; `None` for tools that know no tasks.
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each tool")]
    pub(super) fn of(tool: &str, arguments: &Map<String, Value>) -> Option<Self> {
        let (steps, end): (Vec<Step>, Ending) = match tool {
            "slow_compute" => (vec![Step::Work(millis(arguments))], |arguments, _| {
                said(format!(
                    "Computed for {} s.",
                    arguments.get("seconds").unwrap_or(&json!(DEFAULT_SECONDS))
                ))
            }),
            "quick_job" => (vec![Step::Work(MOMENT)], |_, _| said("Done before anybody asked.")),
            "failing_job" => (vec![Step::Work(MOMENT)], |_, _| {
                End::Result(
                    json!({ "content": [text("The job failed, as it always does.")], "isError": true }),
                )
            }),
            "protocol_error_job" => (vec![Step::Work(MOMENT)], |_, _| End::Error {
                code: RpcError::INTERNAL,
                message: "the job met an error of the protocol",
            }),
            "confirm_delete" => (
                vec![
                    Step::Work(MOMENT),
                    Step::Ask(vec![("confirm", confirmation("Delete the file?"))]),
                    Step::Work(MOMENT),
                ],
                |arguments, answers| {
                    let yes = answers["confirm"]["content"]["confirm"] == true;
                    let file =
                        arguments.get("filename").and_then(Value::as_str).unwrap_or("the file");
                    said(if yes {
                        format!("{file} was deleted.")
                    } else {
                        format!("{file} was kept.")
                    })
                },
            ),
            "multi_input" => (
                vec![Step::Ask(vec![
                    ("name", named("Your name, please.")),
                    ("city", named("Your city, please.")),
                ])],
                |_, answers| {
                    let word = |key: &str| {
                        answers[key]["content"]["text"].as_str().unwrap_or("nobody").to_owned()
                    };
                    said(format!("{} of {}.", word("name"), word("city")))
                },
            ),
            "confirm_twice" => (
                vec![
                    Step::Ask(vec![("step-1", confirmation("Begin?"))]),
                    // Long enough to be seen by who polls as asked.
                    Step::Work(3 * POLL_MS),
                    Step::Ask(vec![("step-2", confirmation("Go on?"))]),
                    Step::Work(MOMENT),
                ],
                |_, _| said("Confirmed twice."),
            ),
            "test_tool_with_task" => (vec![Step::Work(MOMENT)], |arguments, _| {
                said(format!(
                    "Hello, {}!",
                    arguments.get("user_name").and_then(Value::as_str).unwrap_or("nobody")
                ))
            }),
            _ => return None,
        };
        Some(Self { steps, end })
    }

    /// Everything that it asks for.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.steps.iter().flat_map(|step| match step {
            Step::Ask(inputs) => inputs.iter().map(|(_, input)| input).collect::<Vec<_>>(),
            Step::Work(_) => Vec::new(),
        })
    }
}

impl View {
    /// Where the task stands at this time.
    pub(super) fn of(record: &Record, now: u64) -> Self {
        let Some(script) = Script::of(&record.tool, &record.arguments) else {
            return Self::cancelled(record.created);
        };
        if record.endless {
            let goes_on = Self::working(record.created, u64::MAX);
            return record.cancelled.map_or(goes_on, Self::cancelled);
        }
        if record.overruled {
            return Self::cancelled(record.cancelled.unwrap_or(now));
        }
        let mut at = record.created;
        let mut answers = Map::new();
        for step in script.steps {
            let cancelled_by = |end: u64| record.cancelled.filter(|cancelled| *cancelled < end);
            match step {
                Step::Work(duration) => {
                    let end = at + duration;
                    if let Some(cancelled) = cancelled_by(end) {
                        return Self::cancelled(cancelled.max(at));
                    }
                    if now < end {
                        return Self::working(at, end);
                    }
                    at = end;
                }
                Step::Ask(inputs) => {
                    let mut last = at;
                    let mut open = Vec::new();
                    for (key, input) in inputs {
                        match record.answer(key) {
                            Some((came, answer)) => {
                                last = last.max(came);
                                answers.insert(key.to_owned(), answer.clone());
                            }
                            None => open.push((key, input)),
                        }
                    }
                    let end = if open.is_empty() { last } else { u64::MAX };
                    if let Some(cancelled) = cancelled_by(end) {
                        return Self::cancelled(cancelled.max(at));
                    }
                    if !open.is_empty() {
                        return Self::waiting(last, open);
                    }
                    at = last;
                }
            }
        }
        Self::ended(at, (script.end)(&record.arguments, &answers))
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.status, "completed" | "failed" | "cancelled")
    }

    pub(super) fn working(since: u64, next: u64) -> Self {
        Self { next: Some(next), ..Self::new("working", "The work goes on.", since) }
    }

    fn waiting(since: u64, asks: Vec<(&'static str, Input)>) -> Self {
        Self { asks, ..Self::new("input_required", "The work waits for an answer.", since) }
    }

    fn cancelled(since: u64) -> Self {
        Self::new("cancelled", "The work was cancelled.", since)
    }

    fn ended(since: u64, end: End) -> Self {
        let (status, message) = match &end {
            End::Result(_) => ("completed", "The work is done."),
            End::Error { .. } => ("failed", "The work met an error of the protocol."),
        };
        Self { end: Some(end), ..Self::new(status, message, since) }
    }

    fn new(status: &'static str, message: &'static str, since: u64) -> Self {
        Self { status, message, since, asks: Vec::new(), end: None, next: None }
    }
}

/// How long slow_compute takes when it is not told.
pub(super) const DEFAULT_SECONDS: f64 = 0.4;

fn millis(arguments: &Map<String, Value>) -> u64 {
    let seconds = arguments.get("seconds").and_then(Value::as_f64).unwrap_or(DEFAULT_SECONDS);
    let duration = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(60_000)
}

fn said(words: impl Into<String>) -> End {
    End::Result(json!({ "content": [text(words)] }))
}

fn confirmation(message: &'static str) -> Input {
    let schema = json!({
        "type": "object",
        "properties": { "confirm": { "type": "boolean", "title": "Yes" } },
        "required": ["confirm"],
    });
    Input::Form { message, schema }
}

fn named(message: &'static str) -> Input {
    Input::Form { message, schema: forms::one_field("text", "Text") }
}
