//! Pages are written beside those of an older site, and take their place when all of them are there.

use std::path::Path;
use std::{fs, io};

use tempfile::TempDir;

use super::{CHANGES, MATRIX, SEARCHED};

/// The folders of pages.
const FOLDERS: [&str; 4] = ["servers", "areas", "badges", "bundles"];

/// A folder in that of the site, until its pages are in place.
pub(super) struct Beside<'a> {
    site: &'a Path,
    pages: TempDir,
}

impl<'a> Beside<'a> {
    pub(super) fn of(site: &'a Path) -> io::Result<Self> {
        fs::create_dir_all(site)?;
        let pages = tempfile::Builder::new().prefix(".pages-").tempdir_in(site)?;
        for name in FOLDERS {
            fs::create_dir(pages.path().join(name))?;
        }
        Ok(Self { site, pages })
    }

    pub(super) fn path(&self) -> &Path {
        self.pages.path()
    }

    /// Puts the pages where they belong, without those of an earlier site: servers that are gone have none. What is no site of
    /// ours keeps its files.
    pub(super) fn into_place(self) -> io::Result<()> {
        let site = self.site;
        if [MATRIX, SEARCHED].iter().all(|name| site.join(name).is_file()) {
            for name in FOLDERS {
                if site.join(name).is_dir() {
                    fs::remove_dir_all(site.join(name))?;
                }
            }
            if site.join(CHANGES).is_file() {
                fs::remove_file(site.join(CHANGES))?;
            }
        }
        for name in FOLDERS {
            fs::create_dir_all(site.join(name))?;
            moved(&self.pages.path().join(name), &site.join(name))?;
        }
        moved(self.pages.path(), site)
    }
}

/// Moves the files of a folder into another.
fn moved(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::rename(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
