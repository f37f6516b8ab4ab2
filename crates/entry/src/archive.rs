//! Archives of the kind MCPB: a zip with a server in it, and a `manifest.json` that says how it is started.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::Answers;
use crate::answers::Question;
use crate::sandbox::{BARE, FETCHED, NODE, PYTHON};

/// Bytes that an archive may come to, and files that it may have.
const LARGEST: u64 = 1 << 30;
const MOST_FILES: usize = 100_000;

/// Why an archive is none that we can start.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no zip.
    #[error("it is no archive: {0}")]
    Zip(#[from] ZipError),
    /// It could not be laid out.
    #[error("it could not be unpacked: {0}")]
    Io(#[from] io::Error),
    /// It has more in it than is unpacked.
    #[error("it has more than {MOST_FILES} files or {} MiB in it", LARGEST >> 20)]
    TooLarge,
    /// Its manifest is none.
    #[error("its manifest.json: {0}")]
    Manifest(String),
    /// Its manifest asks the user for something that nobody answered.
    #[error("it needs answers")]
    NeedsAnswers(Vec<Question>),
}

/// How the server of an archive is started, inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The argument vector.
    pub arguments: Vec<String>,
    /// The environment.
    pub env: Vec<(String, String)>,
    /// Values that must not be shown, by name.
    pub secrets: Vec<(String, String)>,
    /// The image whose programs it needs, where the engine has images.
    pub image: &'static str,
}

/// Unpacks an archive into a folder: its files alone, none of them outside of the folder. Links are left out.
pub fn unpack(archive: impl Read + Seek, folder: &Path) -> Result<(), ArchiveError> {
    let mut archive = ZipArchive::new(archive)?;
    if archive.len() > MOST_FILES {
        return Err(ArchiveError::TooLarge);
    }
    let mut left = LARGEST;
    for n in 0..archive.len() {
        let mut file = archive.by_index(n)?;
        let Some(path) = file.enclosed_name().map(|path| folder.join(path)) else {
            return Err(ZipError::InvalidArchive("a file outside of its folder".into()).into());
        };
        if file.is_dir() {
            std::fs::create_dir_all(&path)?;
            continue;
        }
        if file.is_symlink() {
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mode = file.unix_mode();
        // What it says of its size is not believed.
        let written = io::copy(&mut (&mut file).take(left + 1), &mut File::create(&path)?)?;
        left = left.checked_sub(written).ok_or(ArchiveError::TooLarge)?;
        executable(&path, mode)?;
    }
    Ok(())
}

#[cfg(unix)]
fn executable(path: &Path, mode: Option<u32>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let runs = mode.is_some_and(|mode| mode & 0o111 != 0);
    std::fs::set_permissions(path, PermissionsExt::from_mode(if runs { 0o755 } else { 0o644 }))
}

#[cfg(not(unix))]
fn executable(_: &Path, _: Option<u32>) -> io::Result<()> {
    Ok(())
}

/// What starts the server of an unpacked archive, by its manifest and the answers of the user.
pub fn start(manifest: &str, answers: &Answers) -> Result<Start, ArchiveError> {
    let malformed = |why: serde_json::Error| ArchiveError::Manifest(why.to_string());
    let manifest: Manifest = serde_json::from_str(manifest).map_err(malformed)?;
    let image = match manifest.server.kind.as_str() {
        "node" => NODE,
        "python" => PYTHON,
        "binary" => BARE,
        "uv" => {
            let why = "a server of type `uv` fetches its packages when it starts, and here is no network then";
            return Err(ArchiveError::Manifest(why.to_owned()));
        }
        other => {
            let why = format!("a server of type `{other}`, which we do not know");
            return Err(ArchiveError::Manifest(why));
        }
    };
    let mut config = manifest.server.mcp_config;
    if let Some(here) = config.platform_overrides.remove("linux") {
        config.command = here.command.or(config.command);
        config.args = here.args.or(config.args);
        config.env.extend(here.env);
    }
    let command = config
        .command
        .ok_or_else(|| ArchiveError::Manifest("server.mcp_config has no command".to_owned()))?;
    let mut values = Values::of(&manifest.user_config, answers);
    if !values.asked.is_empty() {
        return Err(ArchiveError::NeedsAnswers(std::mem::take(&mut values.asked)));
    }
    let mut arguments = values.filled(&command);
    if image == PYTHON && arguments == ["python"] {
        // The same program, by the name that every system has (PEP 394).
        arguments = vec!["python3".to_owned()];
    }
    arguments.extend(config.args.unwrap_or_default().iter().flat_map(|text| values.filled(text)));
    let env = config.env.iter().map(|(name, text)| (name.clone(), values.filled(text).join(",")));
    let env = env.collect();
    Ok(Start { arguments, env, secrets: values.secrets, image })
}

#[derive(Deserialize)]
struct Manifest {
    server: Server,
    #[serde(default)]
    user_config: Map<String, Value>,
}

#[derive(Deserialize)]
struct Server {
    #[serde(rename = "type")]
    kind: String,
    mcp_config: Config,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    command: Option<String>,
    args: Option<Vec<String>>,
    env: BTreeMap<String, String>,
    platform_overrides: BTreeMap<String, Config>,
}

/// What the user is asked for, as a manifest says it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    title: String,
    description: String,
    required: bool,
    sensitive: bool,
    default: Value,
}

/// What stands for `${…}` in a manifest.
struct Values {
    known: Vec<(String, Vec<String>)>,
    secrets: Vec<(String, String)>,
    asked: Vec<Question>,
}

impl Values {
    fn of(user_config: &Map<String, Value>, answers: &Answers) -> Self {
        let place = |name: &str, value: &str| (format!("${{{name}}}"), vec![value.to_owned()]);
        let mut known =
            vec![place("__dirname", FETCHED), place("/", "/"), place("pathSeparator", "/")];
        // Folders of the user are none in a sandbox.
        known.extend(["HOME", "DESKTOP", "DOCUMENTS", "DOWNLOADS"].map(|name| place(name, "/tmp")));
        let mut all = Self { known, secrets: Vec::new(), asked: Vec::new() };
        for (name, wanted) in user_config {
            let wanted: Wanted = serde_json::from_value(wanted.clone()).unwrap_or_default();
            all.answer(name, &wanted, answers.of(name));
        }
        all
    }

    fn answer(&mut self, name: &str, wanted: &Wanted, answer: Option<String>) {
        let value = answer.map(|answer| vec![answer]).or_else(|| texts(&wanted.default));
        let Some(value) = value else {
            if wanted.required {
                let about = [&wanted.title, &wanted.description].map(String::as_str);
                let about = about.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
                let (name, about) = (name.to_owned(), about.join(": "));
                let (secret, choices) = (wanted.sensitive, Vec::new());
                self.asked.push(Question { name, about, secret, choices });
            } else {
                // Not asked for, and nothing: what names it is empty.
                self.known.push((format!("${{user_config.{name}}}"), Vec::new()));
            }
            return;
        };
        // A default names places, too.
        let value: Vec<String> = value.iter().flat_map(|text| self.filled(text)).collect();
        if wanted.sensitive {
            self.secrets.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
        }
        self.known.push((format!("${{user_config.{name}}}"), value));
    }

    /// A text with its places filled in: several if it is the place of several values, none if it is that of none.
    fn filled(&self, text: &str) -> Vec<String> {
        if let Some((_, values)) = self.known.iter().find(|(place, _)| place == text) {
            return values.clone();
        }
        let mut text = text.to_owned();
        for (place, values) in &self.known {
            if text.contains(place) {
                text = text.replace(place, &values.join(","));
            }
        }
        vec![text]
    }
}

/// A default as texts; none if there is none.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(all) => {
            Some(all.iter().flat_map(|one| texts(one).unwrap_or_default()).collect())
        }
        other => Some(vec![other.to_string()]),
    }
}

#[cfg(test)]
mod tests;
