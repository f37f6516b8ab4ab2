//! `client/roots`, the server's side: what it makes of the roots that a client names.

use plumb_flows::rounds::concluded;
use plumb_flows::rounds::{
    AskingRequest, InputKind, Round, asking_requests_for, done, failed_to_answer, outcome,
};
use plumb_runner::{Bench, Check, Finding, Judgement, Observed, Trouble, check};
use plumb_wire::codes;
use serde_json::{Map, Value, json};

pub(crate) const CHECKS: &[&Check] = &[&UNAVAILABLE, &BOUNDARIES, &VALIDATE_PATHS, &RESPECT];

/// The root that the client names.
const ROOT: &str = "/home/user/project";

/// At most so many requests are answered by one check.
const LOOKED_AT: usize = 6;

check! {
    /// **Observed:** what asks for the roots gets an empty list, and a root that is no directory of this machine: the
    /// answer is no server error and no internal error (-32603).
    ///
    /// **Why:** users close folders, and folders are removed.
    ///
    /// **Fix:** say that there is no root to work in; `isError` with a sentence will do.
    pub(crate) UNAVAILABLE = "roots.server.unavailable";
    since: "2025-03-26";
    scenario: unavailable
}

async fn unavailable(bench: &Bench) -> Judgement {
    let answers = [
        ("none", json!([])),
        ("missing", json!([{"uri": "file:///plumb/no/such/directory", "name": "gone"}])),
        ("nameless", json!([{"uri": "file:///plumb/no/such/directory"}])),
    ];
    for asking in asking_requests_for(bench, InputKind::Roots).await.iter().take(LOOKED_AT) {
        for (slug, roots) in &answers {
            let Some(seen) = answered(bench, asking, roots).await? else { continue };
            let failed = failed_to_answer(&seen) || seen.code() == Some(codes::INTERNAL_ERROR);
            let finding =
                Finding::expect(!failed, "an answer that is no server error", || seen.describe());
            bench.case(
                &format!("{}-{slug}", asking.slug),
                format!("{:?} with the roots {roots}", asking.name),
                Ok(finding),
            );
        }
    }
    concluded(bench)
}

check! {
    /// **Observed:** a tool that asks for the roots and takes a path gets one within the root and one far outside: it
    /// does not say of both that it worked on them, in the same words. A result that does not name the path is not
    /// judged: neither path need exist, and to find nothing is no step over the boundary.
    ///
    /// **Why:** the user named what the server is to work on.
    ///
    /// **Fix:** compare the path with the roots before touching it.
    pub(crate) BOUNDARIES = "roots.server.boundaries";
    since: "2025-03-26";
    scenario: boundaries
}

async fn boundaries(bench: &Bench) -> Judgement {
    outside(bench, &[("elsewhere", "/etc/plumb.txt"), ("above", "/home/user/plumb.txt")]).await
}

check! {
    /// **Observed:** a tool that asks for the roots and takes a path gets one that begins like the root and steps out of
    /// it by `..`, plain and escaped: it is not treated like a path within.
    ///
    /// **Why:** a comparison of letters lets everything through that begins with the root.
    ///
    /// **Fix:** resolve `.`, `..` and escapes before comparing.
    pub(crate) VALIDATE_PATHS = "roots.server.validate-paths";
    since: "2025-03-26";
    scenario: validate_paths
}

async fn validate_paths(bench: &Bench) -> Judgement {
    let paths = [
        ("traversal", "/home/user/project/../../../etc/plumb.txt"),
        ("traversal-within", "/home/user/project/sub/../../plumb.txt"),
        ("escaped", "file:///home/user/project/%2e%2e/%2e%2e/plumb.txt"),
    ];
    outside(bench, &paths).await
}

check! {
    /// **Observed:** a tool that asks for the roots and takes a path gets one in a neighbour of the root whose name is
    /// longer by a few letters: it is not treated like a path within.
    ///
    /// **Why:** `project-secret` begins with `project`, and is not in it.
    ///
    /// **Fix:** compare whole path segments.
    pub(crate) RESPECT = "roots.server.respect";
    since: "2025-03-26";
    scenario: respect
}

async fn respect(bench: &Bench) -> Judgement {
    outside(
        bench,
        &[("neighbour", "/home/user/project-secret/plumb.txt"), ("longer", "/home/user/project2")],
    )
    .await
}

/// Judges paths outside the root beside one within.
async fn outside(bench: &Bench, paths: &[(&str, &str)]) -> Judgement {
    let roots = json!([{"uri": format!("file://{ROOT}"), "name": "project"}]);
    for asking in asking_requests_for(bench, InputKind::Roots).await.iter().take(LOOKED_AT) {
        let Some(argument) = path_argument(asking.schema()) else { continue };
        let within = format!("{ROOT}/plumb.txt");
        let Some(inside) =
            answered(bench, &asking.with_argument(&argument, within.clone()), &roots).await?
        else {
            continue;
        };
        if !done(&inside) {
            continue;
        }
        for (slug, path) in paths {
            let Some(seen) =
                answered(bench, &asking.with_argument(&argument, *path), &roots).await?
            else {
                continue;
            };
            let finding = beside((&inside, within.as_str()), (&seen, *path));
            bench.case(
                &format!("{}-{slug}", asking.slug),
                format!("{:?} with {argument:?} {path:?}", asking.name),
                Ok(finding),
            );
        }
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "no tool that may be called asks for the roots and takes a path",
            "offer one marked `readOnlyHint: true`, with an argument named `path`, `file` or `uri`",
        )),
        finding => Ok(finding),
    }
}

/// Judges what came of a path outside beside what came of one within.
fn beside((inside, within): (&Observed, &str), (seen, path): (&Observed, &str)) -> Finding {
    if !done(seen) || without(seen, path) != without(inside, within) {
        return Finding::Held;
    }
    let names = outcome(seen).is_some_and(|r| r.to_string().contains(path));
    if !names {
        return Finding::unseen(
            "the result does not tell what was done with the path",
            "name the path in the result",
        );
    }
    Finding::violated(format!("{path} not treated like {within}"), seen.describe())
}

/// The visible result without the path.
fn without(seen: &Observed, path: &str) -> String {
    outcome(seen).map(|r| r.to_string().replace(path, "…")).unwrap_or_default()
}

/// A string argument that holds a path.
fn path_argument(schema: &Value) -> Option<String> {
    let properties = schema.get("properties")?.as_object()?;
    let path = |name: &str| {
        ["path", "file", "filename", "file_path", "uri", "directory"]
            .contains(&name.to_lowercase().as_str())
    };
    let free = |s: &Value| {
        s["type"] == "string" && ["enum", "pattern", "const"].iter().all(|k| s.get(*k).is_none())
    };
    properties.iter().find(|(name, s)| path(name) && free(s)).map(|(name, _)| name.clone())
}

/// Asks, and answers with these roots.
async fn answered(
    bench: &Bench,
    asking: &AskingRequest,
    roots: &Value,
) -> Result<Option<Observed>, Trouble> {
    let Some(round) = Round::of(&bench.send(asking.probe()).await?) else { return Ok(None) };
    let mut answers: Map<String, Value> = round.answers();
    for input in round.inputs.iter().filter(|i| i.kind() == InputKind::Roots) {
        answers.insert(input.key.clone(), json!({"roots": roots}));
    }
    Ok(Some(bench.send(asking.retry(answers, round.state.as_ref())).await?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{complete, error, stdio};

    #[test]
    fn only_a_path_that_was_worked_on_is_outside_the_roots() {
        let said = |text: &str| {
            stdio(
                "tools/call",
                json!({}),
                &[complete(json!({"content": [{"type": "text", "text": text}]}))],
            )
        };
        let judged = |inside: &str, outside: &str| {
            beside((&said(inside), "/inside/a"), (&said(outside), "/outside/b"))
        };
        assert_eq!(judged("/inside/a is fine", "/outside/b is out of bounds"), Finding::Held);
        // Neither path exists, and none is found.
        assert!(matches!(judged("0 files", "0 files"), Finding::Unseen { .. }));
        assert!(matches!(judged("read /inside/a", "read /outside/b"), Finding::Violated { .. }));
        let refused = stdio("tools/call", json!({}), &[error(-32602)]);
        let finding = beside((&said("read /inside/a"), "/inside/a"), (&refused, "/outside/b"));
        assert_eq!(finding, Finding::Held);
    }
}
