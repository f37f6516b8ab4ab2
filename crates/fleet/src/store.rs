//! Where results are kept: a folder named by what was judged, by which set and by which binary. It appears whole or not
//! at all, so whatever is there, and is what it was, is done.

use std::path::{Path, PathBuf};
use std::{fs, io};

use plumb_certificate::Digest;
use plumb_wire::limits::{INSTRUCTIONS, RECORDING, read_file};
use serde::{Deserialize, Serialize};

use crate::Target;

/// The file that makes a folder a result.
const OUTCOME: &str = "outcome.json";

/// What came of judging a server, beside its bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The server.
    pub target: Target,
    /// What came of it.
    pub class: Class,
    /// The exit code of the last try, if it ended by itself.
    pub exit_code: Option<i32>,
    /// How often it was tried.
    pub tries: u32,
    /// The digest of its bundle, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<Digest>,
    /// The last words, where there is no bundle.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
}

/// What came of judging a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// There is a bundle, and its judgement stands.
    Judged,
    /// There is a bundle, and MUSTs that could not be judged in any try.
    Undecided,
    /// The target was never reached.
    TargetDown,
    /// It has inputs that nobody answered.
    NeedsAnswers,
    /// The command line or a file was refused.
    Refused,
    /// A fault of ours, or of this machine.
    OurFault,
}

impl Class {
    /// What an exit code of `plumb certify` says; none is a signal.
    pub(crate) fn of(exit: Option<i32>) -> Self {
        match exit {
            Some(0 | 1) => Self::Judged,
            Some(5) => Self::Undecided,
            Some(4) => Self::TargetDown,
            Some(8) => Self::NeedsAnswers,
            Some(2 | 3) => Self::Refused,
            _ => Self::OurFault,
        }
    }

    /// How often it is worth trying.
    pub(crate) fn tries(self) -> u32 {
        match self {
            Self::Judged | Self::NeedsAnswers | Self::Refused => 1,
            Self::Undecided | Self::OurFault => 2,
            Self::TargetDown => 3,
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Judged => "judged",
            Self::Undecided => "undecided",
            Self::TargetDown => "never reached",
            Self::NeedsAnswers => "needs answers",
            Self::Refused => "refused",
            Self::OurFault => "a fault of ours",
        }
    }
}

/// A folder of results.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// What all of them were judged by.
    standard: String,
}

impl Store {
    /// The results in a folder, of what is judged by this: the set and the digest of the binary.
    pub fn new(folder: &Path, standard: &str) -> Self {
        Self { folder: folder.to_owned(), standard: standard.to_owned() }
    }

    /// What came of a server, if it is done. A result that a disk or somebody has spoilt is none.
    pub fn done(&self, target: &Target) -> Option<Outcome> {
        read(&self.place(target)).ok().map(|(outcome, _)| outcome)
    }

    /// Forgets what came of a server, if anything did.
    pub(crate) fn forget(&self, target: &Target) -> io::Result<()> {
        let place = self.place(target);
        if place.exists() { fs::remove_dir_all(place) } else { Ok(()) }
    }

    /// A folder of its own to work in, beside the results and never taken for one.
    pub(crate) fn workplace(&self, target: &Target) -> io::Result<PathBuf> {
        let name = format!(".{}-{}", self.key(target), std::process::id());
        let place = self.folder.join(name);
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        Ok(place)
    }

    /// Keeps what was made in a workplace. Whoever came first is right: the same was judged.
    pub(crate) fn keep(&self, workplace: &Path, outcome: &Outcome) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(outcome)?;
        fs::write(workplace.join(OUTCOME), text)?;
        let place = self.place(&outcome.target);
        match fs::rename(workplace, &place) {
            Err(_) if self.done(&outcome.target).is_some() => fs::remove_dir_all(workplace),
            result => result,
        }
    }

    /// Removes what was begun by processes that are gone.
    pub(crate) fn sweep(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let owner = name.strip_prefix('.').and_then(|rest| rest.rsplit_once('-'));
            let Some((_, owner)) = owner else { continue };
            // Parts of a list may share the folder: what somebody still works in is theirs.
            let processes = Path::new("/proc");
            let alive = !processes.exists() || processes.join(owner).exists();
            let alive = alive && owner != std::process::id().to_string();
            if !alive {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    fn place(&self, target: &Target) -> PathBuf {
        self.folder.join(self.key(target))
    }

    fn key(&self, target: &Target) -> String {
        let digest = Digest::of_value(&(target, &self.standard));
        digest.hex().chars().take(32).collect()
    }
}

/// A result: what came of a server, with the bytes of its bundle if it has one.
pub(crate) type Kept = (Outcome, Option<Vec<u8>>);

/// All results of a folder, each read when it is asked for: ten thousand bundles take more memory than there is.
pub(crate) fn results(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<Kept>>> {
    Ok(places(folder)?.map(|place| result(&place)))
}

/// Where the results of a folder are.
pub(crate) fn places(folder: &Path) -> io::Result<impl Iterator<Item = PathBuf>> {
    let is_result = |place: &PathBuf| {
        let hidden = place.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        !hidden && place.join(OUTCOME).exists()
    };
    Ok(fs::read_dir(folder)?.flatten().map(|entry| entry.path()).filter(is_result))
}

/// The result at a place.
pub(crate) fn result(place: &Path) -> io::Result<Kept> {
    read(place).map_err(|why| spoilt(place, why))
}

/// What is said of a place whose result cannot be read.
pub(crate) fn spoilt(place: &Path, why: io::Error) -> io::Error {
    io::Error::other(Spoilt { place: place.to_owned(), why })
}

/// A result that is not what was kept.
#[derive(Debug, thiserror::Error)]
#[error("{} is no result any more ({why}): `plumb fleet run` makes it anew", .place.display())]
struct Spoilt {
    place: PathBuf,
    why: io::Error,
}

/// What came of the server whose result this is.
pub(crate) fn outcome(place: &Path) -> io::Result<Outcome> {
    Ok(serde_json::from_slice(&read_file(&place.join(OUTCOME), INSTRUCTIONS)?)?)
}

fn read(place: &Path) -> io::Result<Kept> {
    let outcome = outcome(place)?;
    let Some(digest) = &outcome.bundle else { return Ok((outcome, None)) };
    let bundle = read_file(&place.join("bundle.json"), RECORDING)?;
    if Digest::of(&bundle) != *digest {
        return Err(io::Error::other("its bundle is another"));
    }
    Ok((outcome, Some(bundle)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_that_was_spoilt_is_made_anew_and_never_folded() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), "x/1");
        let target = Target { name: "a".into(), ..Target::default() };
        let keep = |text: &str| {
            let workplace = store.workplace(&target).expect("a workplace");
            fs::write(workplace.join("bundle.json"), text).expect("a bundle");
            let outcome = Outcome {
                target: target.clone(),
                class: Class::Judged,
                exit_code: Some(0),
                tries: 1,
                bundle: Some(Digest::of(text.as_bytes())),
                said: String::new(),
            };
            store.forget(&target).expect("forgotten");
            store.keep(&workplace, &outcome).expect("kept");
        };
        let place = store.place(&target);
        for (file, text) in [("outcome.json", ""), ("outcome.json", "{}"), ("bundle.json", "b")] {
            keep("a bundle");
            assert!(store.done(&target).is_some());
            fs::write(place.join(file), text).expect("spoilt");
            assert!(store.done(&target).is_none(), "{file} {text}");
            let first = results(folder.path()).expect("a folder").next().expect("a result");
            let told = first.expect_err("spoilt").to_string();
            assert!(told.contains("is no result any more"), "{told}");
        }
        keep("a bundle");
        assert!(results(folder.path()).expect("a folder").all(|one| one.is_ok()));
    }
}
