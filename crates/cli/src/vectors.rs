//! `plumb vectors`: linting and formatting packs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use plumb_model::Edition;
use plumb_model::pack::{Pack, PackError};
use plumb_report::text::{inert, visible};

use crate::args::Vectors;
use crate::say::{self, say, tell};
use crate::{Exit, config, output};

/// Lints or formats packs; exit 1 if something is to be mended.
pub(crate) fn vectors(edition: &Edition, what: &Vectors) -> Exit {
    match what {
        Vectors::Lint { paths } => lint(edition, paths),
        Vectors::Fmt { paths, check } => fmt(paths, *check),
    }
}

fn lint(edition: &Edition, paths: &[PathBuf]) -> Exit {
    let mut texts: Vec<(String, String)> = Vec::new();
    if paths.is_empty() {
        let built_in = plumb_checks::built_in().into_iter();
        texts.extend(built_in.map(|(file, text)| (file.to_owned(), text.to_owned())));
    }
    for path in files(paths)? {
        texts.push((path.display().to_string(), config::read(&path)?));
    }
    let mut errors: Vec<PackError> = Vec::new();
    for (file, text) in &texts {
        match Pack::parse(file, text) {
            Ok(pack) => {
                errors.extend(pack.lint(file, &edition.ledger));
                if pack.canonical() != *text {
                    errors.push(PackError {
                        file: file.clone(),
                        place: "the whole file".into(),
                        what: "is not in canonical form: run `plumb vectors fmt FILE`".into(),
                    });
                }
            }
            Err(error) => errors.push(error),
        }
    }
    for error in &errors {
        tell!("{}", inert(&visible(&error.to_string())));
    }
    say!("{} packs, {} to mend", texts.len(), errors.len());
    Ok(u8::from(!errors.is_empty()))
}

fn fmt(paths: &[PathBuf], check: bool) -> Exit {
    let mut changed = false;
    for path in files(paths)? {
        let text = config::read(&path)?;
        let canonical = Pack::parse(&path.display().to_string(), &text)?.canonical();
        if canonical != text {
            changed = true;
            say::line(&path.display().to_string());
            if !check {
                output::write(&path, &canonical)?;
            }
        }
    }
    Ok(u8::from(check && changed))
}

/// The packs among paths, in order.
pub(crate) fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    Ok(found(paths)?.packs)
}

/// What is found in folders of packs.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) packs: Vec<PathBuf>,
    /// JSON files that are not named as a pack is.
    pub(crate) ignored: Vec<PathBuf>,
}

/// The packs among paths: files as they are, folders searched for `pack.json`.
pub(crate) fn found(paths: &[PathBuf]) -> anyhow::Result<Found> {
    let mut found = Found::default();
    for path in paths {
        if path.is_dir() {
            let before = found.packs.len();
            search(path, &mut found)?;
            if found.packs.len() == before {
                bail!("{} holds no pack.json", path.display());
            }
        } else {
            found.packs.push(path.clone());
        }
    }
    found.packs.sort();
    found.ignored.sort();
    Ok(found)
}

fn search(folder: &Path, found: &mut Found) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{} could not be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            search(&path, found)?;
        } else if path.file_name().is_some_and(|n| n == "pack.json") {
            found.packs.push(path);
        } else if path.extension().is_some_and(|e| e == "json") {
            found.ignored.push(path);
        }
    }
    Ok(())
}
