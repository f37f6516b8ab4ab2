//! schema: error messages, methods behind capabilities, the MIME type of templates.

use plumb_model::Sent;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Probe, check, clip};
use plumb_wire::Capability;
use plumb_wire::uri::template::expand_with;
use plumb_wire::{codes, method};
use serde_json::{Value, json};

/// An error message of more characters is no concise sentence.
const CONCISE: usize = 300;

/// A request of more bytes may be quoted at a length that is ours, not the server's.
const QUOTED: usize = 1024;

check! {
    /// **Observed:** error messages have one line of at most 300 characters.
    ///
    /// **Why:** clients show the message in one line and log it in one.
    ///
    /// **Fix:** say what is wrong in a sentence; put stack traces and lists into `data`, or into your own log.
    pub(crate) MESSAGE_CONCISE = "schema.error.message-concise";
    since: "2025-03-26";
    passive: message_concise
}

fn message_concise(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(message) = seen.error().and_then(|e| e.get("message")).and_then(Value::as_str) else {
        return;
    };
    // A message that quotes what was sent is as long as that was.
    let quotes = match &seen.exchange.sent {
        Sent::Http { body, .. } => body.len() > QUOTED,
        Sent::Stdio { line } => line.len() > QUOTED,
        Sent::Nothing => false,
    };
    if quotes {
        return;
    }
    // A message that names the URI or the name which we sent has its control characters too.
    let breaks = message.trim_end().contains('\n') && !sent_line_break(&seen.exchange.sent);
    let fits = !breaks && message.chars().count() <= CONCISE;
    notes.expect(fits, "an error message of one concise sentence", || {
        format!("{} characters: {:?}", message.chars().count(), clip(message, 100))
    });
}

/// Whether a string of the request has a line break: JSON writes it as an escape.
fn sent_line_break(sent: &Sent) -> bool {
    let escaped = |text: &[u8]| {
        [br"\n".as_slice(), br"\u000a", br"\u000A"]
            .iter()
            .any(|e| text.windows(e.len()).any(|w| w == *e))
    };
    match sent {
        Sent::Http { body, .. } => escaped(body.bytes()),
        Sent::Stdio { line } => escaped(line.bytes()),
        Sent::Nothing => false,
    }
}

check! {
    /// **Observed:** the methods of each capability that is not declared, and of the tasks extension if it is not, are
    /// answered with error -32601. An empty list is not counted: some frameworks answer every list, and nothing is
    /// offered by it.
    ///
    /// **Why:** clients learn from capabilities what to offer; a method that answers all the same is one that nobody calls,
    /// and that nobody guards.
    ///
    /// **Fix:** register handlers and capabilities together.
    pub(crate) CAPABILITY_GATED = "schema.mnf.capability-gated";
    applies: [Lacks(Tools | Resources | Prompts | Completions | Tasks)];
    scenario: capability_gated
}

async fn capability_gated(bench: &Bench) -> Judgement {
    let survey = bench.survey();
    if !survey.discover.as_ref().is_some_and(Observed::is_accepted) {
        return Ok(Finding::unseen(
            "server/discover is not served, so nothing is declared",
            "serve it",
        ));
    }
    let reference = json!({"type": "ref/prompt", "name": "plumb-none"});
    let gated = [
        (Capability::Tools, method::TOOLS_LIST, json!({})),
        (Capability::Tools, method::TOOLS_CALL, json!({"name": "plumb-none", "arguments": {}})),
        (Capability::Resources, method::RESOURCES_LIST, json!({})),
        (Capability::Resources, method::TEMPLATES_LIST, json!({})),
        (Capability::Resources, method::RESOURCES_READ, json!({"uri": "plumb-none:///"})),
        (Capability::Prompts, method::PROMPTS_LIST, json!({})),
        (Capability::Prompts, method::PROMPTS_GET, json!({"name": "plumb-none"})),
        (
            Capability::Completions,
            method::COMPLETE,
            json!({"ref": reference, "argument": {"name": "a", "value": ""}}),
        ),
        (Capability::Tasks, method::TASKS_GET, json!({"taskId": "plumb-none"})),
    ];
    bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    for (capability, method, params) in gated {
        if survey.declares(capability) {
            continue;
        }
        let seen = bench.send(Probe::request(method, params)).await?;
        let slug = method.replace('/', "-");
        let judged = gated_as_told(&seen, capability);
        bench.case(&slug, format!("{method} without the capability"), Ok(judged));
    }
    bench.conclude()
}

fn gated_as_told(seen: &Observed, capability: Capability) -> Finding {
    if offers_nothing(seen) {
        return Finding::unseen("an empty list, which offers nothing", "answer error -32601");
    }
    let fits = seen.code() == Some(codes::METHOD_NOT_FOUND);
    let expected = format!("error -32601, since `{capability}` is not declared");
    Finding::expect(fits, expected, || seen.describe())
}

/// Whether a list, or the values of a completion, came without an item.
fn offers_nothing(seen: &Observed) -> bool {
    let Some(result) = seen.complete() else { return false };
    let mut lists =
        plumb_flows::parts::LISTS.iter().filter(|(method, _)| seen.method() == Some(*method));
    let listed = lists.find_map(|(_, member)| result.get(*member));
    listed
        .or_else(|| result.pointer("/completion/values"))
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
}

check! {
    /// **Observed:** resources read by a template that has a `mimeType` have that type. Media types are compared without
    /// their parameters.
    ///
    /// **Why:** clients decide by the template's type what to do with every resource of it.
    ///
    /// **Fix:** leave `mimeType` out of a template whose resources differ.
    pub(crate) TEMPLATE_MIME = "schema.resource-template.mime";
    since: "2025-03-26";
    needs: [Template];
    scenario: template_mime
}

async fn template_mime(bench: &Bench) -> Judgement {
    let templates = bench.survey().templates.items.iter().map(|t| &t.value);
    let typed =
        templates.filter_map(|t| Some((t["uriTemplate"].as_str()?, t["mimeType"].as_str()?)));
    for (template, kind) in typed.take(6) {
        for (n, value) in ["123", "1", "plumb", "2"].into_iter().enumerate() {
            let Some(uri) = expand_with(template, value) else { break };
            let seen =
                bench.send(Probe::request(method::RESOURCES_READ, json!({"uri": uri}))).await?;
            let contents =
                seen.complete().and_then(|r| r["contents"].as_array()).into_iter().flatten();
            let own =
                contents.filter(|c| c["uri"] == uri.as_str()).find_map(|c| c["mimeType"].as_str());
            let Some(own) = own else { continue };
            let finding = Finding::expect(
                essence(own) == essence(kind),
                format!("the template's type {kind}"),
                || format!("{uri} has type {own}"),
            );
            bench.case(
                &format!("{}-{}", crate::server::basic::capabilities::slug(template), n + 1),
                format!("{uri} is read"),
                Ok(finding),
            );
        }
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "no template with a `mimeType` could be read",
            "give a template a `mimeType`, and let it be read with the value 1 or 123",
        )),
        finding => Ok(finding),
    }
}

fn essence(kind: &str) -> String {
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{complete, error, stdio};

    #[test]
    fn only_what_offers_something_is_more_than_a_capability() {
        let judged = |method: &str, answer: &Value| {
            gated_as_told(
                &stdio(method, json!({}), std::slice::from_ref(answer)),
                Capability::Prompts,
            )
        };
        assert_eq!(judged("prompts/list", &error(-32601)), Finding::Held);
        let none = complete(json!({"prompts": []}));
        assert!(matches!(judged("prompts/list", &none), Finding::Unseen { .. }));
        let some = complete(json!({"prompts": [{"name": "a"}]}));
        for (method, answer) in [("prompts/list", some), ("prompts/get", error(-32602))] {
            assert!(matches!(judged(method, &answer), Finding::Violated { .. }), "{method}");
        }
    }
}
