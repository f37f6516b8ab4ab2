//! The recording of a run: written beside the one before, whose place it takes when the run has ended.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use plumb_model::Keep;
use plumb_wire::limits::{RECORDING, append_within, read_file};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::{Failure, output};

/// What a run writes while it goes on; what is left of it after a kill renders like any recording.
const UNFINISHED: &str = "run.part";
/// Where reports go if nobody says otherwise: a folder that git ignores, if Plumb made it.
const DEFAULT: &str = "reports";
/// A recording.
const PLAIN: &str = "run.jsonl";
/// A recording of everything, in frames of Zstandard.
const PACKED: &str = "run.jsonl.zst";
/// What a frame of Zstandard begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// So many bytes of text go into a frame: as many are lost, at most, if Plumb is killed.
const FRAME: usize = 1 << 20;

/// The recording of a run that goes on. Its file is locked as long as this lives, so that no other run writes into the folder
/// meanwhile; the system unlocks it however the run ends.
pub(crate) struct Recording {
    file: File,
    unfinished: PathBuf,
    path: PathBuf,
    /// The place of a recording of the other kind, which is none of this run.
    other: PathBuf,
    packed: bool,
}

impl Recording {
    /// Begins a recording in a folder, which is made if it is not there.
    pub(crate) fn begin(folder: &Path, keep: Keep) -> Result<Self, Failure> {
        let packed = keep == Keep::All;
        let (name, other) = if packed { (PACKED, PLAIN) } else { (PLAIN, PACKED) };
        let unfinished = folder.join(UNFINISHED);
        let file = locked(&unfinished).map_err(|error| Failure::new(output::UNWRITTEN, error))?;
        Ok(Self { file, unfinished, path: folder.join(name), other: folder.join(other), packed })
    }

    /// Where it stands when the run has ended.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where its lines go.
    pub(crate) fn writer(&self) -> io::Result<Lines> {
        Ok(Lines { file: self.file.try_clone()?, text: Vec::new(), packed: self.packed })
    }

    /// The run has ended: the recording takes the place of the one before.
    pub(crate) fn keep(self) -> Result<(), Failure> {
        let kept = || -> anyhow::Result<()> {
            std::fs::rename(&self.unfinished, &self.path)
                .with_context(|| format!("{} could not be written", self.path.display()))?;
            if self.other.is_file() {
                std::fs::remove_file(&self.other)?;
            }
            Ok(())
        };
        kept().map_err(|error| Failure::new(output::UNWRITTEN, error))
    }

    /// The run did not begin: the recording before it stays.
    pub(crate) fn drop_it(self) {
        // One without a run would only mislead; what cannot be removed is empty.
        let _ = std::fs::remove_file(&self.unfinished);
    }
}

/// Has git ignore the folder where reports go if nobody says otherwise, before Plumb makes it.
pub(crate) fn ignored(folder: &Path) -> Result<(), Failure> {
    if folder != Path::new(DEFAULT) || folder.exists() {
        return Ok(());
    }
    output::write(&folder.join(".gitignore"), "*\n")
}

/// Lines of a recording, on their way into its file.
pub(crate) struct Lines {
    file: File,
    text: Vec<u8>,
    packed: bool,
}

impl Lines {
    /// Writes what is still held back.
    pub(crate) fn write_out(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        if self.packed {
            self.file.write_all(&compress_to_vec(&self.text[..], CompressionLevel::Fastest))?;
        } else {
            self.file.write_all(&self.text)?;
        }
        self.text.clear();
        Ok(())
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        let room = if self.packed { FRAME } else { 8 << 10 };
        if self.text.len() >= room {
            self.write_out()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()
    }
}

/// Reads a recording of either kind, or that of a folder; of one that is cut off, what is there.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let names = [PLAIN, PACKED].map(|name| path.join(name));
    let path = names.iter().find(|path| path.is_file()).map_or(path, PathBuf::as_path);
    let unreadable = || format!("{} could not be read", path.display());
    let bytes = read_file(path, RECORDING).with_context(unreadable)?;
    let bytes = if bytes.starts_with(&MAGIC) {
        unpacked(&bytes, RECORDING).with_context(unreadable)?
    } else {
        bytes
    };
    // What was cut off may end within a character.
    let lossy =
        |error: std::string::FromUtf8Error| String::from_utf8_lossy(error.as_bytes()).into_owned();
    Ok(String::from_utf8(bytes).unwrap_or_else(lossy))
}

/// The text of all frames, of which the last one may be cut off; an error for more than so many bytes.
fn unpacked(mut packed: &[u8], most: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    while packed.starts_with(&MAGIC) {
        let Ok(frame) = StreamingDecoder::new(&mut packed) else { break };
        match append_within(frame, most, &mut text) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Err(error),
            Err(_) => break,
            Ok(()) => {}
        }
    }
    Ok(text)
}

fn locked(path: &Path) -> anyhow::Result<File> {
    output::folder_of(path)?;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).open(path);
    let file = file.with_context(|| format!("{} could not be written", path.display()))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let folder = path.parent().unwrap_or(path).display();
            bail!("another run writes into {folder}: name another folder with --out");
        }
        // Not every file system knows locks.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    // What is no file, such as a pipe, has no length.
    if file.metadata().is_ok_and(|about| about.is_file()) {
        file.set_len(0)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_unpack_without_end_is_not_unpacked() {
        let bomb = compress_to_vec(&vec![b'\n'; 4 << 20][..], CompressionLevel::Fastest);
        let bomb = bomb.repeat(20);
        assert_eq!(unpacked(&bomb, 80 << 20).expect("fits").len(), 80 << 20);
        let told = unpacked(&bomb, 8 << 20).expect_err("too large").to_string();
        assert_eq!(told, "more than 8 MiB are not read");
    }

    #[test]
    fn a_recording_of_everything_is_small_and_comes_back_whole_or_as_far_as_it_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let recording = Recording::begin(folder.path(), Keep::All).ok().expect("begins");
        let mut lines = recording.writer().expect("a writer");
        let mut text = String::new();
        for n in 0..60_000 {
            let line = format!("{{\"event\":\"exchanged\",\"seq\":{n},\"by\":\"a.check\"}}\n");
            lines.write_all(line.as_bytes()).expect("writes");
            text.push_str(&line);
        }
        lines.flush().expect("writes");
        let path = recording.path().to_owned();
        recording.keep().ok().expect("kept");
        let packed = std::fs::read(&path).expect("there");
        assert!(packed.len() * 4 < text.len() && text.len() > 2 * FRAME, "{}", packed.len());
        assert_eq!(read(&path).expect("reads"), text);
        std::fs::write(&path, &packed[..packed.len() - 9]).expect("writes");
        let cut = read(&path).expect("reads");
        assert!(cut.len() >= 2 * FRAME && text.starts_with(&cut), "{}", cut.len());
    }
}
