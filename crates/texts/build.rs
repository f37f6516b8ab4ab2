//! Puts the texts into one compressed file, so that the binary carries a seventh of their bytes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use miniz_oxide::deflate::compress_to_vec_zlib;

/// Where they stand, from the repository's root.
const PLACES: [&str; 3] = ["docs/positions.md", "suites", "vectors"];
/// As small as it gets.
const LEVEL: u8 = 9;

fn main() -> io::Result<()> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).ok_or(io::ErrorKind::NotFound);
    let root = folder("CARGO_MANIFEST_DIR")?.join("../..");
    let out = folder("OUT_DIR")?;
    let mut paths = Vec::new();
    for place in PLACES {
        println!("cargo::rerun-if-changed={}", root.join(place).display());
        collect(&root, Path::new(place), &mut paths)?;
    }
    paths.sort();
    let mut index = String::new();
    let mut all = Vec::new();
    for path in &paths {
        // Bytes of the repository, whatever a checkout makes of the ends of lines.
        let text = fs::read_to_string(root.join(path))?.replace("\r\n", "\n");
        // Writing to a string cannot fail.
        let _ = writeln!(index, "({path:?}, {}),", text.len());
        all.extend(text.into_bytes());
    }
    fs::write(out.join("index.rs"), format!("[\n{index}]"))?;
    fs::write(out.join("texts.zlib"), compress_to_vec_zlib(&all, LEVEL))
}

/// Ledgers, suites and packs; not what is told about them.
fn collect(root: &Path, place: &Path, paths: &mut Vec<String>) -> io::Result<()> {
    if root.join(place).is_file() {
        let ending = place.extension().and_then(|ending| ending.to_str());
        let is_data = matches!(ending, Some("tsv" | "toml")) || place.ends_with("pack.json");
        let path = place.to_string_lossy().replace('\\', "/");
        if is_data || path == PLACES[0] {
            paths.push(path);
        }
        return Ok(());
    }
    for entry in fs::read_dir(root.join(place))? {
        collect(root, &place.join(entry?.file_name()), paths)?;
    }
    Ok(())
}
