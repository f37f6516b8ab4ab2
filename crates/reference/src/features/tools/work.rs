//! Tools that take a while: progress, logs, and work that can be seen to stop.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::features::outcome::{Outcome, said};
use crate::lock::lock;
use crate::meta::Level;
use crate::server::Server;

use super::content;
use super::tool::{no_arguments, read_only, tool};

/// The time between two signs of life of the slow tool.
const TICK: Duration = Duration::from_millis(50);

pub(super) fn definitions() -> Vec<Value> {
    let slow = json!({
        "type": "object",
        "properties": {
            "duration_ms": { "type": "integer", "minimum": 0, "maximum": 60_000, "default": 500 },
            "key": { "type": "string", "description": "Where to keep the journal of this call", "maxLength": 200 },
        },
        "additionalProperties": false,
    });
    let journal = json!({
        "type": "object",
        "properties": { "key": { "type": "string", "maxLength": 200 } },
        "required": ["key"],
        "additionalProperties": false,
    });
    let contact = json!({
        "type": "object",
        "properties": { "contact": { "type": "string", "description": "Is not logged" } },
        "additionalProperties": false,
    });
    [
        tool("test_tool_with_progress", "Reports progress three times", no_arguments()),
        tool("test_logging_tool", "Logs a few messages", no_arguments()),
        tool("test_tool_with_logging", "Logs three messages", no_arguments()),
        tool("log_all_levels", "Logs one message at each of the eight levels", contact),
        tool(
            "slow",
            "Works for a while, reports and logs each step, and stops when it is cancelled",
            slow,
        ),
        tool("journal", "Returns what the calls with a key did", journal),
    ]
    .map(read_only)
    .to_vec()
}

pub(super) async fn run(
    call: &Call,
    name: &str,
    arguments: &Map<String, Value>,
) -> Option<Outcome> {
    Some(Ok(match name {
        "test_tool_with_progress" => {
            for done in [0, 50, 100] {
                call.progress(done, 100, &format!("Completed step {done} of 100")).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            said("Done, with progress.")
        }
        "test_logging_tool" | "test_tool_with_logging" => {
            for step in ["started", "in progress", "finished"] {
                call.log(Level::Info, "work", json!({ "step": step })).await;
            }
            said("Done, with log messages.")
        }
        "log_all_levels" => {
            for level in Level::ALL {
                call.log(
                    level,
                    "work",
                    json!({ "message": format!("this is at level {}", level.name()) }),
                )
                .await;
            }
            said("Logged at all levels.")
        }
        "slow" => slow(call, arguments).await,
        "journal" => {
            let key = arguments.get("key").and_then(Value::as_str).unwrap_or_default();
            let entries = lock(&call.server.state.journal).get(key).cloned().unwrap_or_default();
            let journal = json!({ "key": key, "entries": entries });
            json!({ "content": [{ "type": "text", "text": journal.to_string() }], "structuredContent": journal })
        }
        "test_error_handling" => content::fail(call).await,
        _ => return None,
    }))
}

async fn slow(call: &Call, arguments: &Map<String, Value>) -> Value {
    let duration = arguments.get("duration_ms").and_then(Value::as_u64).unwrap_or(500);
    let key = arguments.get("key").and_then(Value::as_str);
    let mut diary = Diary {
        server: Arc::clone(&call.server),
        key: key.map(str::to_owned),
        last_word: "cancelled",
    };
    diary.write("start");
    let ticks = u32::try_from(duration.div_ceil(50)).unwrap_or(u32::MAX);
    for tick in 1..=ticks {
        tokio::time::sleep(TICK).await;
        diary.write(&format!("tick {tick}"));
        call.progress(
            tick,
            ticks,
            &format!("tick {tick} of {ticks} for {}", key.unwrap_or("nobody")),
        )
        .await;
        call.log(Level::Info, "work", json!({ "tick": tick, "key": key })).await;
    }
    diary.last_word = "done";
    said(format!("slept for {duration} ms"))
}

/// Writes the journal of one call, its end included, however it comes.
struct Diary {
    server: Arc<Server>,
    key: Option<String>,
    last_word: &'static str,
}

impl Diary {
    fn write(&self, entry: &str) {
        if let Some(key) = &self.key {
            self.server.state.note(key, entry);
        }
    }
}

impl Drop for Diary {
    fn drop(&mut self) {
        self.write(self.last_word);
    }
}
