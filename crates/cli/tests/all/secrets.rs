//! No secret of the user is written anywhere, whatever the target does with it.

mod forms;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::echo;

/// What an escaping writer would change, all of it fit for a header field.
const NASTY: &str = r#"k3y"/+\'<&>%41 ?=z~9"#;
const TOKEN: &str = "t0ken-of-the-user";
const PASSWORD: &str = "p4ssw0rd-of-the-user";
const PARAMETER: &str = "p4rameter-of-the-user";
const NAMED: &str = "n4med-by-the-user";

fn plumb(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plumb"))
        .args(args)
        .current_dir(folder)
        .env("MY_OWN", NAMED)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

/// Everything that a run wrote: what it said, and every file.
fn written(folder: &Path, output: &Output) -> Vec<(String, Vec<u8>)> {
    let mut all = vec![
        ("stdout".to_owned(), output.stdout.clone()),
        ("stderr".to_owned(), output.stderr.clone()),
    ];
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
            }
        }
    }
    all
}

/// That none of the secrets stands anywhere, in any form.
fn assert_kept(folder: &Path, output: &Output, secrets: &[&str]) {
    for (place, bytes) in written(folder, output) {
        let text = String::from_utf8_lossy(&bytes);
        for secret in secrets {
            for form in forms::telling(secret) {
                let around = text.find(&form).map(|at| {
                    let from = text.floor_char_boundary(at.saturating_sub(60));
                    &text[from..text.floor_char_boundary(at + 120)]
                });
                assert_eq!(around, None, "{form} in {place}");
            }
        }
    }
}

/// A server that says these secrets in every form.
fn hostile(secrets: &[&str]) -> echo::Server {
    echo::Server::saying(secrets.iter().flat_map(|secret| forms::written(secret)).collect())
}

const REPORTS: [&str; 8] =
    ["--sarif", "x.sarif", "--markdown", "x.md", "--junit", "x.xml", "--html", "x.html"];

#[test]
fn a_server_that_echoes_everything_in_every_form_makes_nothing_known() {
    let basic = forms::basic(PASSWORD);
    let (bearer, nasty) = (format!("Authorization: Bearer {TOKEN}"), format!("X-Key: {NASTY}"));
    let (cookie, basic_field) =
        (format!("Cookie: sid={PASSWORD}"), format!("X-Authorization: Basic {basic}"));
    let secrets = [TOKEN, NASTY, PARAMETER, NAMED, PASSWORD];
    let server = hostile(&secrets);
    for verbose in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let url = server.url(&format!("?token={PARAMETER}"));
        let mut args = vec!["run", url.as_str(), "-H", &bearer, "-H", &nasty, "-H", &cookie];
        args.extend(["-H", &basic_field, "--secret", "MY_OWN", "--timeout", "2", "--budget", "20"]);
        args.extend(REPORTS);
        args.extend(["--only", "base.*", "--only", "tools.*", "--only", "http.*"]);
        if verbose {
            // A recording of everything is packed; what it holds stands in report.json as well.
            args.extend(["--verbose", "--evidence", "all"]);
        }
        let output = plumb(folder.path(), &args);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            said.contains("[redacted TOKEN]"),
            "it was judged: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(server.heard() > 10);
        assert_kept(folder.path(), &output, &secrets);
        if !verbose {
            continue;
        }
        let report = std::fs::read_to_string(folder.path().join("reports/report.json"));
        let recording = report.expect("a report");
        for name in ["TOKEN", "X_KEY", "MY_OWN", "SID"] {
            assert!(recording.contains(&format!("[redacted {name}")), "{name} is told by name");
        }
    }
}

/// A server of standard streams that says its secrets in all that it says.
const SCRIPT: &str = r#"
echo "starting with $SETTING_OF_MINE and $2" >&2
while read -r line; do
  echo "$SETTING_OF_MINE" >&2
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\("[^"]*"\|[0-9]*\).*/\1/p')
  test -z "$id" || echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"$SETTING_OF_MINE\":\"$2\",\"resultType\":\"complete\"}}"
done
"#;

#[test]
fn a_command_betrays_neither_its_arguments_nor_its_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    let env = format!("SETTING_OF_MINE={NAMED}");
    let mut args = vec!["run", "--timeout", "1", "--budget", "8", "--env", &env, "--verbose"];
    args.extend(REPORTS);
    args.extend(["--only", "base.*", "--", "sh", "-c", SCRIPT, "sh", "--api-key", TOKEN]);
    let output = plumb(folder.path(), &args);
    assert_kept(folder.path(), &output, &[TOKEN, NAMED]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("--api-key") && said.contains("[redacted API_KEY]"), "{said}");
}

#[test]
fn the_last_words_of_a_server_are_told_without_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "echo \"no database at $DB\" >&2; exit 3";
    let env = format!("DB=postgres://me:{PASSWORD}@db.example/x");
    for command in ["run", "init"] {
        let args = [command, "--env", &env, "--", "sh", "-c", script];
        let output = plumb(folder.path(), &args);
        assert_eq!(output.status.code(), Some(4));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("no database at [redacted DB]"), "{said}");
        assert_kept(folder.path(), &output, &[PASSWORD]);
    }
}

#[test]
fn a_client_betrays_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "echo \"no way to $1 with $2 and $MY_OWN\" >&2; exit 3";
    let mut args = vec!["client", "--secret", "MY_OWN", "--", "sh", "-c", script, "sh"];
    args.extend(["--token", TOKEN]);
    let output = plumb(folder.path(), &args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("no way to --token with [redacted TOKEN] and [redacted MY_OWN]"),
        "{said}"
    );
    assert_kept(folder.path(), &output, &[TOKEN, NAMED]);
}

#[test]
fn a_malformed_option_is_told_without_its_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let field = format!("Authorization Bearer {TOKEN}");
    let broken = format!("X-Key: {TOKEN}\nX-Other: 1");
    let url = format!("https://alice:{PASSWORD}@[malformed?token={PARAMETER}");
    let userinfo = format!("https://alice:{PASSWORD}@example.com/mcp");
    let cases: [&[&str]; 7] = [
        &["run", "-H", &field],
        &["run", "-H", &broken],
        &["run", "--env", TOKEN, "--", "true"],
        &["run", "--secret", "t0ken-of-the-user"],
        &["run", "--bearer", &format!("{TOKEN}\u{1b}[31m")],
        &["run", &url],
        &["run", &userinfo],
    ];
    for args in cases {
        let output = plumb(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!output.stderr.is_empty());
        assert_kept(folder.path(), &output, &[TOKEN, PASSWORD, PARAMETER]);
    }
}

#[test]
fn what_init_writes_holds_no_secret() {
    let server = hostile(&[TOKEN, NASTY]);
    let folder = tempfile::tempdir().expect("a folder");
    let (bearer, nasty) = (format!("Authorization: Bearer {TOKEN}"), format!("X-Key: {NASTY}"));
    let url = server.url("");
    let output =
        plumb(folder.path(), &["init", &url, "-H", &bearer, "-H", &nasty, "--timeout", "2"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_kept(folder.path(), &output, &[TOKEN, NASTY]);
}

#[test]
fn a_secret_too_short_to_keep_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["run", "--only", "base.response.same-id", "--secret", "PIN=123"];
    let output = plumb(folder.path(), &args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("--secret PIN: under 4 bytes"), "{said}");
}
