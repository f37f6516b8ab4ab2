//! What happened to a task, one event after the other.

use serde_json::{Map, Value};

/// How long a task is kept, in milliseconds from its creation.
pub(super) const TTL_MS: u64 = 300_000;

/// How often a client is asked to poll, in milliseconds.
pub(super) const POLL_MS: u64 = 50;

/// A task as its events tell it.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: String,
    /// When it was created, in milliseconds since 1970.
    pub(super) created: u64,
    pub(super) tool: String,
    pub(super) arguments: Map<String, Value>,
    /// The answers in the order they came, with the time of each.
    pub(super) answers: Vec<(String, u64, Value)>,
    /// When it was cancelled.
    pub(super) cancelled: Option<u64>,
    /// A mutant's cancellation of what had ended.
    pub(super) overruled: bool,
    /// Whose it is; null where nobody needs to say who they are.
    pub(super) owner: Value,
    /// The process that made it.
    pub(super) process: u64,
    /// Whether it goes on until it is cancelled.
    pub(super) endless: bool,
}

impl Record {
    /// Reads the events; `None` if the first is not a creation.
    pub(super) fn fold(id: &str, events: &[Value]) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let mut record = Self {
            id: id.to_owned(),
            created: first["at"].as_u64()?,
            tool: first["tool"].as_str()?.to_owned(),
            arguments: first["arguments"].as_object().cloned().unwrap_or_default(),
            answers: Vec::new(),
            cancelled: None,
            overruled: false,
            owner: first["owner"].clone(),
            process: first["process"].as_u64().unwrap_or_default(),
            endless: first["endless"] == true,
        };
        for event in rest {
            let Some(at) = event["at"].as_u64() else { continue };
            match event["event"].as_str() {
                Some("answered") => {
                    let key = event["key"].as_str().unwrap_or_default();
                    record.answers.push((key.to_owned(), at, event["response"].clone()));
                }
                Some("cancelled") => {
                    record.cancelled.get_or_insert(at);
                    record.overruled |= event["overrules"] == true;
                }
                _ => {}
            }
        }
        Some(record)
    }

    /// The first answer to a question, and when it came: later ones do not count.
    pub(super) fn answer(&self, key: &str) -> Option<(u64, &Value)> {
        self.answers.iter().find(|(known, ..)| known == key).map(|(_, at, answer)| (*at, answer))
    }
}
