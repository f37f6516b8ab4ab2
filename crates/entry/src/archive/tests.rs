use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const MANIFEST: &str = r#"{"manifest_version": "0.3", "name": "a", "version": "1.0.0", "server": {"type": "node", "entry_point": "server/i.js",
    "mcp_config": {"command": "node", "args": ["${__dirname}/server/i.js", "--dir=${user_config.root}", "${user_config.also}"],
        "env": {"KEY": "${user_config.key}"}, "platform_overrides": {"win32": {"command": "node.exe"}, "linux": {"env": {"ON": "linux"}}}}},
    "user_config": {"root": {"type": "directory", "default": "${HOME}/x"}, "also": {"type": "string", "multiple": true, "default": ["a", "b; c"]},
        "key": {"type": "string", "title": "Key", "sensitive": true, "required": true}}}"#;

fn zipped(files: &[(&str, &str, u32)]) -> Cursor<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text, mode) in files {
        let options = SimpleFileOptions::default().unix_permissions(*mode);
        zip.start_file(*path, options).expect("a file");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("a zip")
}

fn answers(text: &str) -> Answers {
    Answers::parse(text).expect("answers")
}

#[test]
fn a_manifest_becomes_an_argument_vector() {
    let started = start(MANIFEST, &answers("[answers]\nkey = 's3cret'")).expect("a start");
    let node = ["node", "/fetched/server/i.js", "--dir=/tmp/x", "a", "b; c"];
    assert_eq!(started.arguments, node);
    let env = [("KEY", "s3cret"), ("ON", "linux")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(started.env, env);
    assert_eq!(started.secrets, [("key".to_owned(), "s3cret".to_owned())]);
}

#[test]
fn what_a_manifest_requires_is_asked_for() {
    let Err(ArchiveError::NeedsAnswers(asked)) = start(MANIFEST, &Answers::default()) else {
        panic!("it needs answers")
    };
    assert_eq!(
        asked.iter().map(|one| (one.name.as_str(), one.secret)).collect::<Vec<_>>(),
        [("key", true)]
    );
}

#[test]
fn a_server_that_needs_a_network_to_start_is_none() {
    let uv = MANIFEST.replace("\"node\", \"entry", "\"uv\", \"entry");
    let error = start(&uv, &Answers::default()).expect_err("uv").to_string();
    assert!(error.contains("no network"), "{error}");
}

#[test]
fn an_archive_is_unpacked_with_what_may_be_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let zip = zipped(&[("manifest.json", "{}", 0o644), ("bin/server", "#!/bin/sh", 0o755)]);
    unpack(zip, folder.path()).expect("unpacked");
    assert_eq!(std::fs::read_to_string(folder.path().join("manifest.json")).expect("there"), "{}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode =
            std::fs::metadata(folder.path().join("bin/server")).expect("there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o755);
    }
}

#[test]
fn a_file_outside_of_its_folder_is_not_unpacked() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("inner");
    assert!(unpack(zipped(&[("../outside", "x", 0o644)]), &inner).is_err());
    assert!(!folder.path().join("outside").exists());
    assert!(matches!(unpack(Cursor::new(b"no zip".to_vec()), &inner), Err(ArchiveError::Zip(_))));
}
