//! What tells that a target limits how fast it is asked.

use std::time::{Duration, SystemTime};

use plumb_wire::jsonrpc::Message;
use serde_json::Value;

use super::LONGEST;
use crate::clip;

/// Whether a status turns a request away whatever it says, for a while: too many requests, or a server or gateway that
/// is out of order.
pub(crate) fn turns_away(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// Whether an answer says that requests come too fast: by a JSON-RPC error, or by a result that says `isError`.
pub(crate) fn tells_of_rate(message: &Message) -> bool {
    let error = message.error().and_then(|e| e["message"].as_str());
    let result = message.result().filter(|r| r["isError"] == true);
    let text = result.and_then(|r| r["content"].as_array()?.first()?["text"].as_str());
    error.or(text).is_some_and(|text| {
        let text = clip(text, 200).to_lowercase();
        ["rate limit", "rate-limit", "ratelimit", "too many requests", "too many calls", "throttl"]
            .iter()
            .any(|words| text.contains(words))
    })
}

/// What an answer says of how long to wait: `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3), which is held
/// against the server's own `Date` if it gives one, or `retryAfterMs` and `retryAfter` in the data of a JSON-RPC error, as
/// some servers do.
pub(crate) fn retry_after(
    header: Option<&str>,
    date: Option<&str>,
    message: Option<&Message>,
) -> Option<Duration> {
    let moment = |text: &str| httpdate::parse_http_date(text.trim()).ok();
    let until = |text: &str| {
        let now = date.and_then(moment).unwrap_or_else(SystemTime::now);
        // A date that is past names no time to wait.
        moment(text)?.duration_since(now).ok().map(|left| left.as_secs_f64()).filter(|s| *s > 0.0)
    };
    let seconds = |text: &str| text.trim().parse::<f64>().ok().filter(|s| *s >= 0.0);
    let said = message.and_then(|m| m.error()?.get("data"));
    let told = |key: &str| said.and_then(|d| d.get(key)).and_then(Value::as_f64);
    header
        .and_then(|text| seconds(text).or_else(|| until(text)))
        .or_else(|| told("retryAfterMs").map(|ms| ms / 1000.0))
        .or_else(|| told("retryAfter"))
        .filter(|s| s.is_finite() && *s >= 0.0)
        .map(|s| Duration::from_secs_f64(s.min(LONGEST.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(value: Value) -> Message {
        Message::parse(&value.to_string().into())
    }

    #[test]
    fn limits_are_known_by_what_they_say() {
        let error = |text: &str| {
            message(json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": text}}))
        };
        assert!(tells_of_rate(&error("Rate limit exceeded, slow down")));
        assert!(!tells_of_rate(&error("the rating is limited to five stars")));
        let result =
            json!({"content": [{"type": "text", "text": "Too many requests"}], "isError": true});
        assert!(tells_of_rate(&message(json!({"jsonrpc": "2.0", "id": 1, "result": result}))));
    }

    #[test]
    fn the_time_to_wait_is_told_in_seconds_or_as_a_date() {
        let (then, now) = ("Wed, 21 Oct 2026 07:28:03 GMT", "Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(retry_after(Some("2"), None, None), Some(Duration::from_secs(2)));
        assert_eq!(retry_after(Some(then), Some(now), None), Some(Duration::from_secs(3)));
        assert_eq!(retry_after(Some(now), Some(then), None), None, "past already");
        assert_eq!(retry_after(Some("soon"), None, None), None);
    }
}
