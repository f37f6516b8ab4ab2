//! What happened to a task, one event after the other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

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

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// How long it is until then, and a moment more.
pub(super) fn until(then: u64) -> Duration {
    Duration::from_millis(then.saturating_sub(now()) + 1)
}

/// The time in ISO 8601, in UTC.
pub(super) fn iso(millis: u64) -> String {
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days are counted from the first of March of year 0, so that a leap day ends its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn days_that_are_easily_miscounted_are_counted() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso(1_785_196_799_999), "2026-07-27T23:59:59.999Z");
        assert_eq!(iso(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
    }
}
