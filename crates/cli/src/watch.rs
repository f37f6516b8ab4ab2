//! `--watch`: a run again whenever files of the command change, and what is then another.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use plumb_model::{Edition, Reports, Secrets};
use plumb_report::diff::Differences;
use plumb_report::text::{inert, visible};

use crate::args::RunArgs;
use crate::interrupt::interrupted;
use crate::reported::INTERRUPTED;
use crate::say::{self, tell};
use crate::{Exit, output, run};

/// Files are looked at so often, and have to rest so long.
const PAUSE: Duration = Duration::from_millis(300);
/// So many files are looked at.
const MOST: usize = 5_000;
/// Folders below one of the command's are looked into so far.
const DEEPEST: usize = 4;
/// Folders that hold nothing of the user's.
const OTHERS: [&str; 4] = ["node_modules", "target", "__pycache__", "reports"];

/// When each file was changed.
type Stamps = BTreeMap<PathBuf, SystemTime>;

/// Judges a server again and again, until it is interrupted.
pub(crate) async fn watch(edition: Arc<Edition>, args: RunArgs, secrets: Secrets) -> Exit {
    if args.target.server.is_empty() {
        return Err(anyhow!("--watch needs a command: nothing else has files here").into());
    }
    let folders = folders(&args.target.server);
    let mut before: Option<Reports> = None;
    loop {
        let stamps = stamps(&folders, &args.judging.out);
        match run::judged(Arc::clone(&edition), args.clone(), secrets.clone()).await {
            Ok(reports) => {
                if let Some(before) = &before {
                    let difference = Differences::between(before, &reports);
                    say::out(&format!("\n{}", difference.told(&output::style(false))));
                }
                before = Some(reports);
            }
            Err(failure) if failure.code == INTERRUPTED => return Err(failure),
            Err(failure) => {
                let why = secrets.blot_text(&format!("{:#}", failure.error));
                tell!("{}", inert(&visible(&why)));
            }
        }
        tell!("waiting for a change; interrupt to end");
        tokio::select! {
            () = changed(&folders, &args.judging.out, stamps) => {}
            () = interrupted() => return Ok(before.map_or(0, |r| r.outcome().exit_code())),
        }
    }
}

/// The folders of the files that a command names, or this one.
fn folders(command: &[String]) -> Vec<PathBuf> {
    let files = command.iter().map(Path::new).filter(|path| path.is_file());
    let folder = |file: &Path| match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut folders: Vec<PathBuf> = files.map(folder).collect();
    if folders.is_empty() {
        folders.push(PathBuf::from("."));
    }
    folders.sort();
    folders.dedup();
    folders
}

/// Waits until files have changed, and rest again.
async fn changed(folders: &[PathBuf], out: &Path, before: Stamps) {
    let mut last = before.clone();
    loop {
        tokio::time::sleep(PAUSE).await;
        let now = stamps(folders, out);
        if now == last && now != before {
            return;
        }
        last = now;
    }
}

fn stamps(folders: &[PathBuf], out: &Path) -> Stamps {
    let mut stamps = Stamps::new();
    for folder in folders {
        look(folder, out, DEEPEST, &mut stamps);
    }
    stamps
}

fn look(folder: &Path, out: &Path, depth: usize, stamps: &mut Stamps) {
    // What cannot be read does not change.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if stamps.len() >= MOST || name.starts_with('.') {
            continue;
        }
        let Ok(about) = entry.metadata() else { continue };
        if about.is_file() {
            stamps.extend(about.modified().ok().map(|at| (path, at)));
        } else if about.is_dir() && depth > 0 && !OTHERS.contains(&&*name) && !path.ends_with(out) {
            look(&path, out, depth - 1, stamps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_changes_beside_the_program_is_noticed_and_a_report_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("server.py");
        std::fs::write(&program, "1").expect("writes");
        std::fs::create_dir_all(folder.path().join("reports")).expect("a folder");
        let folders = folders(&["python3".to_owned(), program.display().to_string()]);
        assert_eq!(folders, [folder.path()]);
        let out = Path::new("reports");
        let before = stamps(&folders, out);
        std::fs::write(folder.path().join("reports/run.jsonl"), "1").expect("writes");
        assert_eq!(stamps(&folders, out), before);
        std::fs::write(folder.path().join("other.py"), "2").expect("writes");
        let noticed = tokio::time::timeout(PAUSE * 50, changed(&folders, out, before)).await;
        assert!(noticed.is_ok());
    }
}
