//! server/resources#security-considerations: paths that lead out of what is served.

use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, check, clip};
use serde_json::{Value, json};

check! {
    /// **Observed:** where `file:` resources are listed, URIs that climb out of their directory by `..`, plain,
    /// escaped once or twice, with backslashes or as an absolute path, never give the contents of
    /// system files (told by what only stands there). A server that offers the whole file system by a
    /// template such as `file:///{+path}` may serve absolute paths.
    ///
    /// **Why:** the server reads with its own rights, and the client chooses the path.
    ///
    /// **Fix:** decode once, resolve the path, follow links, then compare it with the root that you serve.
    pub(crate) PATH_TRAVERSAL = "resources.sec.path-traversal";
    applies: [Declares("resources")];
    scenario: path_traversal
}

async fn path_traversal(bench: &Bench) -> Judgement {
    let survey = bench.survey();
    let listed = survey.resources.items.iter().filter_map(|r| r.value.get("uri")?.as_str());
    let templates: Vec<&str> = survey
        .templates
        .items
        .iter()
        .filter_map(|t| t.value.get("uriTemplate")?.as_str())
        .collect();
    let template_bases = templates.iter().filter_map(|t| t.split_once('{').map(|(base, _)| base));
    let mut bases: Vec<String> = Vec::new();
    for text in listed.chain(template_bases).filter(|u| u.starts_with("file://")) {
        let base = text.rsplit_once('/').map_or(text, |(directory, _)| directory).to_owned();
        if !bases.contains(&base) && bases.len() < 2 {
            bases.push(base);
        }
    }
    if bases.is_empty() {
        return Ok(Finding::unseen("no `file:` resource is listed", "list a `file:` resource"));
    }
    let whole = templates.iter().any(|t| t.starts_with("file:///{"));
    for (slug, title, uri) in probes(&bases, whole) {
        let answer = bench.send(Probe::request("resources/read", json!({"uri": uri}))).await?;
        let finding = match foreign(&answer) {
            Some(text) => Finding::violated(
                format!("no file outside for {uri}"),
                format!("contents {:?}", clip(&text, 60)),
            ),
            None => Finding::Held,
        };
        bench.case(&slug, title, Ok(finding));
    }
    bench.conclude()
}

fn probes(bases: &[String], whole: bool) -> Vec<(String, String, String)> {
    const UP: usize = 12;
    let climbs = [
        ("plain", "../", "etc/passwd"),
        ("escaped-dots", "%2e%2e/", "etc/passwd"),
        ("escaped-slash", "..%2f", "etc/passwd"),
        ("escaped-all", "%2E%2E%2F", "etc%2Fpasswd"),
        ("escaped-twice", "%252e%252e%252f", "etc%252fpasswd"),
        ("backslash", "..%5c", "etc/passwd"),
        ("doubled", "....//", "etc/passwd"),
        ("windows", "..%5C", "Windows%5Cwin.ini"),
    ];
    let mut probes = Vec::new();
    for (n, base) in bases.iter().enumerate() {
        for (slug, step, file) in climbs {
            let title = format!("climbing out by {step:?}");
            probes.push((
                format!("{slug}-{}", n + 1),
                title,
                format!("{base}/{}{file}", step.repeat(UP)),
            ));
        }
        let beside = format!("{base}/./{}etc/./passwd", "x/../../".repeat(UP));
        probes.push((
            format!("mixed-{}", n + 1),
            "climbing out between other steps".into(),
            beside,
        ));
    }
    if !whole {
        for (slug, uri) in [
            ("absolute", "file:///etc/passwd"),
            ("localhost", "file://localhost/etc/passwd"),
            ("extra-slash", "file:////etc/passwd"),
            ("windows-absolute", "file:///C:/Windows/win.ini"),
        ] {
            probes.push((slug.into(), "an absolute path outside".into(), uri.into()));
        }
    }
    probes
}

/// Contents that only a system file has.
fn foreign(answer: &Observed) -> Option<String> {
    let contents = answer.complete()?.get("contents")?.as_array()?;
    contents.iter().find_map(|content| {
        let text = if let Some(text) = content.get("text").and_then(Value::as_str) {
            text.to_owned()
        } else {
            let bytes = super::contents::decode(content.get("blob")?.as_str()?).ok()?;
            String::from_utf8_lossy(&bytes).into_owned()
        };
        is_system_file(&text).then_some(text)
    })
}

/// Whether a text looks like `/etc/passwd` or `win.ini`.
pub(crate) fn is_system_file(text: &str) -> bool {
    let account =
        |line: &str| line.split_once("root:").is_some_and(|(_, rest)| rest.contains(":0:0:"));
    text.lines().any(account) || (text.contains("[fonts]") && text.contains("[extensions]"))
}
