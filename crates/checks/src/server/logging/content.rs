//! server/utilities/logging#implementation-considerations and #security: what log messages say.

use std::collections::BTreeSet;

use plumb_flows::quiet::Quiet;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Trouble, check, clip};
use serde_json::{Value, json};

use super::{Called, at, called, logged, plain};

/// What only the inside of a server looks like.
const INTERNALS_OF: [&str; 9] = [
    "Traceback (most recent call last)",
    "panicked at ",
    "rust_begin_unwind",
    "\n    at ",
    "\n\tat ",
    "goroutine 1 [",
    "node_modules/",
    "site-packages/",
    "Exception in thread ",
];

/// A tool is called so often before names that never come again are its fault.
const CALLS: usize = 3;

check! {
    /// **Observed:** a tool that logs is called two or three times in the same way: the names of its loggers do not differ
    /// from call to call.
    ///
    /// **Why:** names are what log messages are filtered by.
    ///
    /// **Fix:** name loggers after parts of the server, not after requests.
    pub(crate) LOGGER_NAMES = "logging.logger-names";
    since: "2025-03-26";
    needs: [LoggingTool];
    waits: true;
    scenario: logger_names
}

async fn logger_names(bench: &Bench) -> Judgement {
    let called = called(bench).await?;
    let quiet = Quiet::quiet(bench).await?;
    for Called { name, call, seen } in called.iter() {
        let mut calls = vec![names(seen.as_ref().map_err(Clone::clone)?)];
        // Once a name has come again, nothing that another call shows makes it strange.
        while calls.len() < CALLS && calls.iter().all(|c| !c.is_empty()) && strangers(&calls) {
            calls.push(names(&quiet.control(call.clone()).await?));
        }
        let named = calls.iter().all(|c| !c.is_empty());
        let finding = match (named, strangers(&calls)) {
            (false, _) => Finding::unseen("the log messages name no logger", "name one"),
            (true, true) => {
                Finding::violated("the same logger names in each call", format!("{calls:?}"))
            }
            (true, false) => Finding::Held,
        };
        bench.case(&plain(name), format!("{name:?} called again"), Ok(finding));
    }
    quiet.leave().await;
    bench.conclude()
}

/// The names of the loggers in an answer.
fn names(seen: &Observed) -> BTreeSet<String> {
    logged(seen).filter_map(|m| m["logger"].as_str().map(str::to_owned)).collect()
}

/// Whether no two calls have a name in common.
fn strangers(calls: &[BTreeSet<String>]) -> bool {
    let new = |(n, c): (usize, &BTreeSet<String>)| calls[..n].iter().all(|b| c.is_disjoint(b));
    calls.iter().enumerate().all(new)
}

check! {
    /// **Observed:** no log message of the tools that log has a member such as `email`, `phone_number` or `ssn` with a value
    /// of that form. One that takes contact data (an argument named email, mail, phone or contact) is called with made-up
    /// ones: no log message repeats them. Addresses of roles (`support@`, `no-reply@`) are nobody's.
    ///
    /// **Why:** log messages are shown, kept and forwarded where the user's data were never meant to go.
    ///
    /// **Fix:** log that there was an argument, not what it was.
    pub(crate) PII = "logging.sec.pii";
    since: "2025-03-26";
    needs: [LoggingTool];
    scenario: pii
}

async fn pii(bench: &Bench) -> Judgement {
    for Called { name, seen, .. } in called(bench).await?.iter() {
        let seen = seen.as_ref().map_err(Clone::clone)?;
        if let Some(person) = logged(seen).find_map(|m| personal_in(&m["data"])) {
            let finding = Finding::violated("nothing about a person in log messages", person);
            bench.case(
                &format!("{}-told", plain(name)),
                format!("{name:?} at level debug"),
                Ok(finding),
            );
        }
        let schema = bench.survey().tool(name).map(|tool| &tool["inputSchema"]);
        if let Some(argument) = schema.and_then(contact_argument) {
            given(bench, name, &argument).await?;
        }
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "no tool that logs takes an e-mail address or the like",
            "offer one, marked `readOnlyHint: true`, with an argument named `email` or `contact`",
        )),
        finding => Ok(finding),
    }
}

/// Calls a tool with contact data that are made up, and looks for them in what it logs.
async fn given(bench: &Bench, name: &str, argument: &str) -> Result<(), Trouble> {
    let quiet = Quiet::quiet(bench).await?;
    let marker = format!("plumb.{}@example.com", bench.fresh_id());
    let known = bench.survey().callable.iter().find(|c| c.tool["name"] == name);
    let mut arguments = known.map(|c| c.arguments.clone()).unwrap_or_default();
    arguments.insert(argument.to_owned(), json!(marker));
    let seen = quiet.control(at(&bench.call_of(name, Value::Object(arguments)), "debug")).await?;
    quiet.leave().await;
    let finding = match logged(&seen).find(|m| m.to_string().contains(&marker)) {
        Some(message) => Finding::violated(
            "no log message with the address that the tool was given",
            clip(&message.to_string(), 240),
        ),
        None if logged(&seen).next().is_none() => {
            Finding::unseen("the tool logged nothing", "log each time")
        }
        None => Finding::Held,
    };
    bench.case(&plain(name), format!("{name:?} with {argument:?} {marker:?}"), Ok(finding));
    Ok(())
}

/// The first fact about a person that a log message tells, told by the name of a member and the form of its value,
/// without the most of it.
fn personal_in(data: &Value) -> Option<String> {
    let members = match data {
        Value::Array(items) => return items.iter().find_map(personal_in),
        Value::Object(members) => members,
        _ => return None,
    };
    members.iter().find_map(|(name, value)| {
        let told = value.as_str().filter(|v| is_personal(name, v));
        told.map(|v| format!("{name:?} is {}", clip(v, 4))).or_else(|| personal_in(value))
    })
}

fn is_personal(name: &str, value: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let numbers = |extra: &str| value.chars().all(|c| c.is_ascii_digit() || extra.contains(c));
    match plain.to_ascii_lowercase().as_str() {
        "email" | "emailaddress" | "useremail" | "mail" => is_address(value),
        "ssn" | "socialsecuritynumber" => digits == 9 && numbers("- "),
        "phone" | "phonenumber" | "mobile" => digits >= 7 && numbers("+-() ./"),
        "cardnumber" | "creditcard" | "creditcardnumber" => {
            (13..=19).contains(&digits) && numbers("- ")
        }
        _ => false,
    }
}

/// Whether a text is the address of a person, as far as it tells.
fn is_address(text: &str) -> bool {
    const ROLES: [&str; 9] = [
        "support",
        "info",
        "admin",
        "noreply",
        "no-reply",
        "postmaster",
        "security",
        "help",
        "root",
    ];
    text.split_once('@').is_some_and(|(local, domain)| {
        let plain = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'))
        };
        plain(local)
            && plain(domain)
            && domain.contains('.')
            && !ROLES.contains(&local.to_ascii_lowercase().as_str())
    })
}

/// An argument that holds contact data of a person.
pub(crate) fn contact_argument(schema: &Value) -> Option<String> {
    let properties = schema.get("properties")?.as_object()?;
    let personal = |name: &str| {
        ["email", "e_mail", "mail", "phone", "contact"].contains(&name.to_lowercase().as_str())
    };
    let free = |s: &Value| {
        s["type"] == "string" && ["enum", "pattern", "const"].iter().all(|k| s.get(*k).is_none())
    };
    properties.iter().find(|(name, s)| personal(name) && free(s)).map(|(name, _)| name.clone())
}

check! {
    /// **Observed:** no log message of the run shows a stack trace or a path into the server's own code.
    ///
    /// **Why:** they tell an attacker what runs here, in which version, and where.
    ///
    /// **Fix:** log such things to standard error, and a short description to the client.
    pub(crate) INTERNALS = "logging.sec.internals";
    since: "2025-03-26";
    passive: internals
}

fn internals(seen: &Observed, notes: &mut Notes<'_>) {
    for message in logged(seen) {
        let mut texts = Vec::new();
        strings(&message["data"], &mut texts);
        let shown = texts
            .iter()
            .find_map(|t| INTERNALS_OF.iter().find(|i| t.contains(**i)).map(|i| (i, t)));
        match shown {
            Some((internal, text)) => notes.breaks(
                "no stack traces and no paths into the server's code",
                format!("{:?} in {:?}", internal.trim(), clip(text, 160)),
            ),
            None => notes.fits(),
        }
    }
}

fn strings<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|i| strings(i, found)),
        Value::Object(members) => members.values().for_each(|m| strings(m, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{holds, notification, streamed};

    #[test]
    fn traces_are_found_wherever_they_stand() {
        let logged = |data: Value| {
            streamed(
                "tools/call",
                json!({}),
                &[notification("notifications/message", json!({"level": "error", "data": data}))],
            )
        };
        assert_eq!(
            holds(&INTERNALS, &logged(json!({"error": "the file is not there"}))),
            Some(true)
        );
        let trace = json!({"error": {"stack": ["Traceback (most recent call last):\n  File"]}});
        assert_eq!(holds(&INTERNALS, &logged(trace)), Some(false));
        assert_eq!(holds(&INTERNALS, &streamed("tools/call", json!({}), &[])), None);
    }

    #[test]
    fn people_are_told_from_words_about_them() {
        for data in [
            json!({"user": {"name": "Jane Roe", "email": "jane.roe@example.com"}}),
            json!([{"ssn": "078-05-1120"}]),
            json!({"phone_number": "+1 (555) 010-9999"}),
        ] {
            assert!(personal_in(&data).is_some(), "{data}");
        }
        for data in [
            json!({"email": "j***@example.com", "ssn": "***-**-1120", "phone": "ok"}),
            json!({"email": "support@example.com", "mail": "sent", "emailSent": "a@example.com"}),
            json!({"email": true, "phone": 5, "ssn": "missing"}),
            json!("jane.roe@example.com"),
        ] {
            assert_eq!(personal_in(&data), None, "{data}");
        }
    }

    #[test]
    fn contact_data_is_what_is_called_so() {
        let schema = |property: Value| json!({"properties": property});
        assert_eq!(
            contact_argument(&schema(json!({"email": {"type": "string"}}))),
            Some("email".into())
        );
        for other in [
            json!({"email_format": {"type": "string"}}),
            json!({"email": {"type": "boolean"}}),
            json!({"contact": {"type": "string", "enum": ["a"]}}),
        ] {
            assert_eq!(contact_argument(&schema(other)), None);
        }
    }
}
