//! Codes of errors.

use plumb_wire::{codes, method};
use serde_json::json;

use super::super::ask::Ask;
use super::{Visit, outcome, served};

/// An address that no server has.
const NOWHERE: &str = "plumb://no/such/resource";

impl Visit<'_> {
    /// Asks for what is not there, and looks at all codes that came until now.
    pub(super) async fn errors(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.error.resource-not-found";
        let speaker = self.newest.as_ref().unwrap_or(&self.main);
        let ask = Ask::request(id, method::RESOURCES_READ, json!({"uri": NOWHERE}));
        match speaker.ask(ask).await {
            Some(seen) if seen.code().is_some_and(|code| code != codes::INVALID_PARAMS) => {
                findings.found(
                    id,
                    format!("`resources/read` of `{NOWHERE}`: {}", outcome(&seen)),
                    &[seen.seq()],
                );
            }
            Some(seen) if seen.code().is_some() || served(&seen) => {
                findings.absent(
                    id,
                    format!("`resources/read` of `{NOWHERE}`: {}", outcome(&seen)),
                    &[seen.seq()],
                );
            }
            _ => findings.unseen(id, "`resources/read` was not answered"),
        }
        self.codes();
    }

    fn codes(&self) {
        let findings = &self.ground.findings;
        let url = "migrate.error.url-elicitation";
        for (code, seq) in self.ground.marks().codes {
            let told = format!("an error has the code {code}");
            if code == codes::OLD_URL_ELICITATION_REQUIRED {
                findings.found(url, "a call is refused with -32042", &[seq]);
            } else if codes::PROTOCOL.contains(&code) && !codes::DEFINED.contains(&code) {
                findings.found("migrate.error.reserved-codes", told, &[seq]);
            } else if codes::LEGACY.contains(&code) && code != codes::OLD_RESOURCE_NOT_FOUND {
                findings.found("migrate.error.implementation-codes", told, &[seq]);
            }
        }
        self.none_of_the_called(url, "was refused so");
    }

    /// What all the answers of the audit had.
    pub(super) fn codes_at_the_end(&self) {
        self.codes();
        let findings = &self.ground.findings;
        findings.absent(
            "migrate.error.reserved-codes",
            "no error of the audit has such a code",
            &[],
        );
        findings.absent(
            "migrate.error.implementation-codes",
            "no error of the audit has such a code",
            &[],
        );
    }
}
