//! What the server asks of the client, and when.

use plumb_wire::{method, notification};
use serde_json::Value;

use super::super::inbox::Unasked;
use super::super::lists::some;
use super::Visit;

/// What a tool may ask the client for.
const ASKED: [(&str, &str); 3] = [
    ("migrate.push.sampling", method::SAMPLING_CREATE_MESSAGE),
    ("migrate.push.elicitation", method::ELICITATION_CREATE),
    ("migrate.push.roots", method::ROOTS_LIST),
];

impl Visit<'_> {
    /// What tools asked for while they ran.
    pub(super) fn push(&self) {
        let findings = &self.ground.findings;
        for (id, method) in ASKED {
            for asked in self.main.inbox.requests(method) {
                if let Some(tool) = &asked.during {
                    let told = format!("`{tool}` sends `{method}` while it runs{}", mode(&asked));
                    findings.found(id, told, &[asked.seq]);
                }
            }
            let before =
                self.main.inbox.requests(method).iter().any(|asked| asked.during.is_none());
            if !findings.has(id) && before {
                let told = format!(
                    "`{method}` came outside of any call: what a tool wants of it may be known by then"
                );
                findings.unseen(id, told);
            } else if !findings.has(id) {
                self.none_of_the_called(id, "asked");
            }
        }
        self.told_changes();
        self.completed();
    }

    /// Whether changes are told.
    fn told_changes(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.push.list-changed";
        let seqs = [self.main.welcome.seq()];
        let capabilities = self.main.capabilities();
        let declared: Vec<String> = ["tools", "resources", "prompts"]
            .into_iter()
            .filter(|feature| capabilities[*feature]["listChanged"] == true)
            .map(|feature| format!("`{feature}.listChanged`"))
            .collect();
        let changes = [
            notification::TOOLS_CHANGED,
            notification::RESOURCES_CHANGED,
            notification::PROMPTS_CHANGED,
        ];
        for told in self.main.inbox.notifications() {
            if let Some(method) = changes.into_iter().find(|method| told.method() == *method) {
                findings.found(id, format!("`{method}` came"), &[told.seq]);
            }
        }
        match declared.as_slice() {
            [] if !self.takes_handshake() => {
                findings.absent(id, "there is no session to tell", &[]);
            }
            [] => findings.absent(id, "no `listChanged` is declared", &seqs),
            declared => findings.found(id, format!("declared: {}", some(declared)), &seqs),
        }
    }

    /// What is left of elicitation by URL.
    fn completed(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.method.elicitation-complete";
        for told in self.main.inbox.notifications() {
            if told.method() == notification::OLD_ELICITATION_COMPLETE {
                findings.found(id, "`notifications/elicitation/complete` came", &[told.seq]);
            }
        }
        let asked = self.main.inbox.requests(method::ELICITATION_CREATE);
        for asked in asked.iter().filter(|a| !a.message["params"]["elicitationId"].is_null()) {
            let by = asked.during.as_deref().unwrap_or("the server");
            findings.found(id, format!("`{by}` names an `elicitationId`"), &[asked.seq]);
        }
        self.none_of_the_called(id, "asked for a URL");
    }

    /// Log messages before any level was set.
    pub(super) fn unasked_logs(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.log.unasked";
        for told in self.main.inbox.notifications() {
            if told.method() == notification::MESSAGE {
                let by = told
                    .during
                    .as_deref()
                    .map_or("unasked".to_owned(), |t| format!("while `{t}` ran"));
                findings.found(id, format!("a log message came {by}"), &[told.seq]);
            }
        }
        match self.main.capabilities().get("logging") {
            None => findings.absent(id, "logging is not declared", &[]),
            Some(_) => self.none_of_the_called(id, "logged"),
        }
    }

    /// What the server asked though nothing was asked of it.
    pub(super) fn outside_calls(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.push.outside-call";
        for asked in self.main.inbox.all_requests().iter().filter(|a| a.during.is_none()) {
            findings.found(
                id,
                format!("`{}` came outside of any call", asked.method()),
                &[asked.seq],
            );
        }
        findings.absent(id, "nothing was asked outside of a call", &[]);
    }

    /// Features that go on for now, and are deprecated.
    pub(super) fn deprecated(&self) {
        let findings = &self.ground.findings;
        let inbox = &self.main.inbox;
        let uses = [
            ("migrate.deprecated.sampling", method::SAMPLING_CREATE_MESSAGE),
            ("migrate.deprecated.roots", method::ROOTS_LIST),
        ];
        for (id, method) in uses {
            let asked = inbox.requests(method);
            match asked.first() {
                Some(first) => findings.found(id, format!("`{method}` was asked"), &[first.seq]),
                None => self.none_of_the_called(id, "asked"),
            }
        }
        let id = "migrate.deprecated.include-context";
        for asked in inbox.requests(method::SAMPLING_CREATE_MESSAGE) {
            let wanted = asked.message["params"]["includeContext"].as_str();
            if let Some(wanted @ ("thisServer" | "allServers")) = wanted {
                let by = asked.during.as_deref().unwrap_or("the server");
                findings.found(
                    id,
                    format!("`{by}` asks with `includeContext: {wanted}`"),
                    &[asked.seq],
                );
            }
        }
        self.none_of_the_called(id, "asked for it");
        let declared = self.main.capabilities().get("logging").is_some();
        let told = if declared { "`logging` is declared" } else { "`logging` is not declared" };
        let welcome = [self.main.welcome.seq()];
        let seqs = if self.takes_handshake() { &welcome[..] } else { &[] };
        findings.told("migrate.deprecated.logging", declared, told, seqs);
    }
}

/// How a question reaches the user.
fn mode(asked: &Unasked) -> String {
    let mode = asked.message["params"].get("mode").and_then(Value::as_str);
    mode.map(|mode| format!(" (mode `{}`)", crate::observe::clip(mode, 20))).unwrap_or_default()
}
