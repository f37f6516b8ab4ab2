//! server/utilities/logging#security: no token in what the target logs.

use plumb_runner::{Bench, Finding, PRINCIPAL, Trouble};
use plumb_wire::{meta, notification};
use serde_json::json;

/// So many tools are called.
const CALLS: usize = 16;

/// So many characters of a token are enough to know it by.
const TELLING: usize = 24;

/// Judges each tool that logs, called with a token of its own at log level `debug`: no log message contains the payload
/// or the signature of that token. Cases of `logging.sec.credentials`.
pub async fn of_requests(bench: &Bench) -> Result<(), Trouble> {
    let auth = bench.auth()?;
    let survey = bench.survey();
    let mut callable: Vec<_> = survey.callable.iter().collect();
    let logs = |c: &&plumb_runner::survey::Callable| {
        c.shown.as_ref().is_some_and(|s| s.notifications(notification::MESSAGE).next().is_some())
    };
    callable.sort_by_key(|c| !logs(c));
    for callable in callable.into_iter().filter(logs).take(CALLS) {
        let name = callable.tool["name"].as_str().unwrap_or_default();
        let token = auth.token(&auth.access(PRINCIPAL))?;
        let probe = bench
            .call_of(name, json!(callable.arguments))
            .meta(meta::LOG_LEVEL, "debug")
            .bearer(token.as_str());
        let seen = bench.send(probe).await?;
        // The first part of a token is the same for all.
        let parts: Vec<&str> =
            token.as_str().split('.').skip(1).filter_map(|part| part.get(..TELLING)).collect();
        let told = seen.notifications(notification::MESSAGE).any(|log| {
            let text = log.raw.lossy();
            parts.iter().any(|part| text.contains(part))
        });
        let finding =
            Finding::expect(!told, "log messages without the token of the request", || {
                "a log message contains the token".into()
            });
        bench.case(&format!("call-{name}"), format!("{name:?} at level debug"), Ok(finding));
    }
    Ok(())
}
