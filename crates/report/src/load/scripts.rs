//! The mix of a load as scripts of other tools.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plumb_model::load::{MARK, MARK_PLACE, Scripted};
use serde_json::{Map, Value, json};

const K6: &str = include_str!("../../templates/load.k6.js");

/// A script for k6 that sends the mix to these addresses by turns, and checks every answer. `rate` is in requests a second;
/// without one, so many are sent `at_once`, each after the answer to the one before. Seconds give how long.
pub fn k6(
    mix: &[Scripted],
    targets: &[String],
    rate: Option<f64>,
    at_once: usize,
    seconds: u64,
) -> String {
    let duration = format!("{seconds}s");
    let scenario = match rate {
        // Whole requests in a whole unit of time.
        Some(rate) => json!({
            "executor": "constant-arrival-rate",
            "rate": (rate * 60.0).round().max(1.0),
            "timeUnit": "1m",
            "duration": duration,
            "preAllocatedVUs": at_once.max(8),
            "maxVUs": 256,
        }),
        None => json!({"executor": "constant-vus", "vus": at_once, "duration": duration}),
    };
    let lines: Vec<String> = mix.iter().map(|kind| format!("  {}", script(&json!(kind)))).collect();
    K6.replace("{{targets}}", &script(&json!(targets)))
        .replace("{{scenario}}", &script(&scenario))
        .replace("{{mix}}", &format!("[\n{},\n]", lines.join(",\n")))
}

/// A value as an expression of a script: JSON, in which nothing ends a line or a comment.
fn script(value: &Value) -> String {
    value.to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Targets for Vegeta, one JSON object a line (`vegeta attack -format=json`): so many requests of the mix, to these addresses by
/// turns, each with a mark of its own.
pub fn vegeta(mix: &[Scripted], targets: &[String], requests: usize) -> String {
    let mut lines = String::new();
    if mix.is_empty() || targets.is_empty() {
        return lines;
    }
    for n in 0..requests {
        let kind = &mix[n % mix.len()];
        let mark = format!("{MARK}{n}");
        let mut header = Map::new();
        for field in &kind.headers {
            let value = field.value.replace(MARK_PLACE, &mark);
            header.insert(field.name.clone(), json!([value]));
        }
        let line = json!({
            "method": "POST",
            "url": targets[(n / mix.len()) % targets.len()],
            "header": header,
            "body": STANDARD.encode(kind.body.replace(MARK_PLACE, &mark)),
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use plumb_model::Header;
    use plumb_model::load::ScriptedShows;

    use super::*;

    fn mix() -> Vec<Scripted> {
        vec![Scripted {
            name: "tools/call say".into(),
            headers: vec![Header::new("Mcp-Param-Text", MARK_PLACE)],
            body: json!({"id": MARK_PLACE, "text": "</script>\u{2028}"}).to_string(),
            shows: ScriptedShows::Mark,
        }]
    }

    #[test]
    fn a_script_for_k6_has_all_of_the_mix() {
        let script = k6(&mix(), &["http://127.0.0.1:1/mcp".into()], Some(2.5), 8, 10);
        assert!(!script.contains("{{") && !script.contains('\u{2028}'), "{script}");
        for part in [
            "\"rate\":150.0",
            "\"10s\"",
            "http://127.0.0.1:1/mcp",
            "tools/call say",
            "\"what\":\"mark\"",
        ] {
            assert!(script.contains(part), "{part} in {script}");
        }
    }

    #[test]
    fn each_target_for_vegeta_has_a_mark_of_its_own() {
        let targets = ["http://a/mcp".to_owned(), "http://b/mcp".to_owned()];
        let lines = vegeta(&mix(), &targets, 3);
        let all: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(all.len(), 3);
        assert_eq!(
            (&all[1]["url"], &all[2]["url"]),
            (&json!("http://b/mcp"), &json!("http://a/mcp"))
        );
        assert_eq!(all[2]["header"]["Mcp-Param-Text"], json!(["plumb-load-2"]));
        let body = STANDARD.decode(all[2]["body"].as_str().expect("text")).expect("Base64");
        assert!(String::from_utf8_lossy(&body).contains("\"id\":\"plumb-load-2\""));
    }
}
