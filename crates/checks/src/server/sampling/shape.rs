//! client/sampling#creating-messages: the form of what a model is asked for.

use plumb_wire::schema::{Mismatch, part};
use serde_json::Value;

/// Where the parameters of a request for a completion have not the form of the schema, but for what checks of their own judge.
pub(crate) fn unlike(params: &Value) -> impl Iterator<Item = Mismatch> {
    part::sampling_params(params).into_iter().filter(|m| !is_judged_elsewhere(&m.at))
}

/// Whether another check judges this: what a request must have, who says a message and that it has content, and priorities.
fn is_judged_elsewhere(at: &str) -> bool {
    let members: Vec<&str> = at.split('/').skip(1).collect();
    match members[..] {
        [] | ["messages" | "maxTokens"] | ["messages", _] => true,
        ["messages", _, one] => ["role", "content"].contains(&one),
        ["modelPreferences", one] => one.ends_with("Priority"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_asked_is_held_against_the_schema_but_for_what_others_judge() {
        let asked = |member: &str, value: Value| {
            let mut params = json!({
                "messages": [{"role": "user", "content": {"type": "text", "text": "?"}}],
                "maxTokens": 1,
                "modelPreferences": {"hints": [{"name": "a"}]},
            });
            *params.pointer_mut(member).expect("the member is there") = value;
            unlike(&params).next().map(|m| m.at)
        };
        assert_eq!(asked("/messages/0/content/text", json!("!")), None);
        assert_eq!(asked("/messages/0/content", json!([{"type": "text", "text": "!"}])), None);
        assert_eq!(asked("/messages/0/role", json!("system")), None, "sampling.message-role");
        assert_eq!(asked("/messages/0/content", json!("?")), None, "sampling.message-role");
        assert_eq!(asked("/maxTokens", json!("1")), None, "schema.create-message.max-tokens");
        for (member, wrong) in [
            ("/messages/0/content/text", json!(5)),
            ("/messages/0/content/type", json!("video")),
            ("/modelPreferences/hints/0", json!("a")),
            ("/modelPreferences/hints", json!("a")),
        ] {
            assert!(asked(member, wrong).is_some(), "{member}");
        }
    }
}
