//! server/resources#security-considerations: paths that lead out of what is served.

use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check, clip};
use plumb_wire::method;
use serde_json::{Value, json};

check! {
    /// **Observed:** where `file:` resources are listed, URIs that climb out of their directory by `..`, plain,
    /// escaped once or twice, with backslashes, with a NUL or as an absolute path, never give the contents of
    /// system files (told by what only stands there). So do the values of templates of any scheme, climbing out or
    /// absolute. A server that offers the whole file system (a template such as `file:///{+path}`, or one of
    /// another scheme that takes `/etc/passwd` as it is) may serve absolute paths, and is not judged by that template.
    ///
    /// **Why:** the server reads with its own rights, and the client chooses the path.
    ///
    /// **Fix:** decode once, resolve the path, follow links, then compare it with the root that you serve.
    pub(crate) PATH_TRAVERSAL = "resources.sec.path-traversal";
    applies: [Declares(Resources)];
    scenario: path_traversal
}

check! {
    /// **Observed:** what `resources.sec.path-traversal` observes by the newest revision. Position: a URI that leads out of what is
    /// served is none that a server may take, since it validates all of them.
    ///
    /// **Why:** the server reads with its own rights, and the client chooses the path.
    ///
    /// **Fix:** decode once, resolve the path, follow links, then compare it with the root that you serve.
    pub(crate) SERVED_ONLY = "resources.sec.served-only";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(Resources)];
    scenario: path_traversal
}

/// At most so many directories of listed files, and so many templates, are tried.
const DIRECTORIES: usize = 2;
const TEMPLATES: usize = 4;

/// Steps up: more than any directory is deep.
const UP: usize = 12;

/// A way to climb out: its name, one step, and the file.
const CLIMBS: [(&str, &str, &str); 11] = [
    ("plain", "../", "etc/passwd"),
    ("escaped-dots", "%2e%2e/", "etc/passwd"),
    ("escaped-slash", "..%2f", "etc/passwd"),
    ("escaped-all", "%2E%2E%2F", "etc%2Fpasswd"),
    ("escaped-twice", "%252e%252e%252f", "etc%252fpasswd"),
    ("overlong", "%c0%ae%c0%ae%c0%af", "etc%c0%afpasswd"),
    ("backslash", "..%5c", "etc/passwd"),
    ("doubled", "....//", "etc/passwd"),
    ("semicolon", "..;/", "etc/passwd"),
    ("nul", "../", "etc/passwd%00.md"),
    ("windows", "..%5C", "Windows%5Cwin.ini"),
];

/// Absolute paths, as they stand in the place of a value.
const ABSOLUTE: [(&str, &str); 4] = [
    ("absolute", "/etc/passwd"),
    ("absolute-escaped", "%2Fetc%2Fpasswd"),
    ("absolute-escaped-twice", "%252Fetc%252Fpasswd"),
    ("absolute-windows", "C:%5CWindows%5Cwin.ini"),
];

async fn path_traversal(bench: &Bench) -> Judgement {
    let survey = bench.survey();
    let listed = survey.resources.items.iter().filter_map(|r| r.value.get("uri")?.as_str());
    let templates: Vec<&str> = survey
        .templates
        .items
        .iter()
        .filter_map(|t| t.value.get("uriTemplate")?.as_str())
        .filter(|t| plumb_wire::uri::template::flaw(t).is_none())
        .collect();
    let before = templates.iter().filter_map(|t| t.split_once('{').map(|(base, _)| base));
    let mut bases: Vec<&str> = Vec::new();
    for text in listed.chain(before).filter(|u| u.starts_with("file://")) {
        let base = text.rsplit_once('/').map_or(text, |(directory, _)| directory);
        if !bases.contains(&base) && bases.len() < DIRECTORIES {
            bases.push(base);
        }
    }
    if bases.is_empty() && templates.is_empty() {
        return Ok(Finding::unseen(
            "neither a `file:` resource nor a template is listed",
            "list a `file:` resource",
        ));
    }
    let whole = templates.iter().any(|t| t.starts_with("file:///{"));
    for (slug, title, uri) in probes(&bases, whole) {
        judge(bench, &slug, title, &uri).await?;
    }
    let values = templates.iter().filter(|t| t.contains('{')).take(TEMPLATES);
    for (n, template) in values.enumerate() {
        // What takes an absolute path as it is offers the whole file system.
        if let Some(uri) = with_raw(template, "/etc/passwd")
            && !template.starts_with("file://")
            && foreign(&bench.send(read(&uri)).await?).is_some()
        {
            continue;
        }
        let climbs = CLIMBS.map(|(slug, step, file)| (slug, format!("{}{file}", step.repeat(UP))));
        let absolute = ABSOLUTE.map(|(slug, path)| (slug, path.to_owned()));
        let file = template.starts_with("file://");
        for (slug, value) in climbs.into_iter().chain(absolute.into_iter().filter(|_| !file)) {
            let Some(uri) = with_raw(template, &value) else { continue };
            let title = format!("{} with a value that climbs out: {slug}", clip(template, 80));
            judge(bench, &format!("template-{}-{slug}", n + 1), title, &uri).await?;
        }
    }
    bench.conclude()
}

fn read(uri: &str) -> Probe {
    Probe::request(method::RESOURCES_READ, json!({"uri": uri}))
}

async fn judge(bench: &Bench, slug: &str, title: String, uri: &str) -> Result<(), Trouble> {
    let answer = bench.send(read(uri)).await?;
    let finding = match foreign(&answer) {
        Some(text) => Finding::violated(
            format!("no file outside for {uri}"),
            format!("contents {:?}", clip(&text, 60)),
        ),
        None => Finding::Held,
    };
    bench.case(slug, title, Ok(finding));
    Ok(())
}

/// The template with a value as it is in place of its last expression, and a plain one in place of the others.
fn with_raw(template: &str, value: &str) -> Option<String> {
    let (rest, tail) = template.rsplit_once('}')?;
    let (head, expression) = rest.rsplit_once('{')?;
    let name = expression.trim_start_matches(['+', '#', '.', '/', ';', '?', '&']);
    if name.contains([',', ':']) || expression.starts_with(['#', ';', '?', '&']) {
        return None;
    }
    let lead = if expression.starts_with('/') { "/" } else { "" };
    let mut out = String::new();
    let mut rest = head;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str("plumb");
        rest = after.split_once('}')?.1;
    }
    Some(format!("{out}{rest}{lead}{value}{tail}"))
}

fn probes(bases: &[&str], whole: bool) -> Vec<(String, String, String)> {
    let mut probes = Vec::new();
    for (n, base) in bases.iter().enumerate() {
        for (slug, step, file) in CLIMBS {
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
        probes.push((
            format!("absolute-within-{}", n + 1),
            "an absolute path below the directory".into(),
            format!("{base}/%2Fetc%2Fpasswd"),
        ));
    }
    if !bases.is_empty() && !whole {
        for (slug, uri) in [
            ("absolute", "file:///etc/passwd"),
            ("localhost", "file://localhost/etc/passwd"),
            ("extra-slash", "file:////etc/passwd"),
            ("escaped-absolute", "file:///%2Fetc%2Fpasswd"),
            ("dots-absolute", "file:///./etc/../etc/passwd"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_place_of_the_last_expression_as_they_are() {
        assert_eq!(with_raw("docs://{name}", "..%2f").as_deref(), Some("docs://..%2f"));
        assert_eq!(with_raw("d://{a}/{+b}/x", "../").as_deref(), Some("d://plumb/..//x"));
        assert_eq!(with_raw("d://h{/path}", "..").as_deref(), Some("d://h/.."));
        for other in ["d://h{?q}", "d://h{a,b}", "d://h"] {
            assert_eq!(with_raw(other, ".."), None, "{other}");
        }
    }

    #[test]
    fn system_files_are_told_from_what_speaks_of_them() {
        assert!(is_system_file("root:x:0:0:root:/root:/bin/bash\n"));
        assert!(is_system_file("; for 16-bit app support\n[fonts]\n[extensions]\n"));
        for plain in ["root: the first user", "no such file: /etc/passwd", "", "[fonts]"] {
            assert!(!is_system_file(plain), "{plain}");
        }
    }
}
