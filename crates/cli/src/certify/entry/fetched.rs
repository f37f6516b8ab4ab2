//! Fetching: what an entry names is brought here, with network, and nothing of it is run.

use std::io::Cursor;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use plumb_certificate::Digest;
use plumb_entry::archive::{self, ArchiveError};
use plumb_entry::sandbox::{self, Engine};
use plumb_entry::{Answers, Fetch, Image};
use reqwest::redirect::{Attempt, Policy};

use super::asked;
use super::sandboxed::finished;
use crate::reported::UNREACHED;
use crate::{Failure, config};

/// How long a package manager may take.
const FETCHING: Duration = Duration::from_secs(600);
/// Bytes of an archive.
const LARGEST: usize = 256 << 20;
/// Redirects to where it is kept.
const REDIRECTS: usize = 5;

/// A package that is here.
pub(super) struct Fetched {
    /// What starts it inside.
    pub(super) start: Vec<String>,
    /// Environment that it brings along.
    pub(super) env: Vec<(String, String)>,
    /// Values that must not be shown, by name.
    pub(super) secrets: Vec<(String, String)>,
    /// The image that its programs are taken from.
    pub(super) image: String,
    /// Where it starts.
    pub(super) folder: String,
    /// What it is, to the byte, as its registry says.
    pub(super) digest: Option<String>,
}

impl Fetched {
    pub(super) fn new(start: Vec<String>, image: &str, digest: Option<String>) -> Self {
        let (image, folder) = (image.to_owned(), sandbox::OUT.to_owned());
        Self { start, env: Vec::new(), secrets: Vec::new(), image, folder, digest }
    }
}

/// Brings a package into a folder, or an image to an engine.
pub(super) async fn fetched(
    engine: Engine,
    fetch: &Fetch,
    folder: &Path,
    arguments: &[String],
    answers: &Answers,
) -> Result<Fetched, Failure> {
    let unreached =
        |error: anyhow::Error| Failure::new(UNREACHED, error.context("nothing was fetched"));
    match fetch {
        Fetch::Image(reference) => image(engine, reference, arguments).await.map_err(unreached),
        Fetch::Archive { url, sha256 } => {
            let bytes = archived(url, sha256).await.map_err(unreached)?;
            unpacked(url, bytes, folder, arguments, answers)
        }
        Fetch::Npm(_) | Fetch::Pypi(_) | Fetch::Nuget(_) => {
            let command = sandbox::fetching(engine, fetch, folder);
            let command =
                command.ok_or_else(|| anyhow!("{} cannot fetch {fetch:?}", engine.program()))?;
            finished(&command, FETCHING).await.map_err(unreached)?;
            let (mut start, digest) =
                sandbox::entry_point(fetch, folder).map_err(|why| anyhow!(why))?;
            start.extend(arguments.iter().cloned());
            let is_node = matches!(fetch, Fetch::Npm(_));
            let image = if is_node { sandbox::NODE } else { sandbox::PYTHON };
            Ok(Fetched::new(start, image, digest))
        }
    }
}

/// An image of others, by its digest.
async fn image(engine: Engine, reference: &str, arguments: &[String]) -> anyhow::Result<Fetched> {
    // What was built here is in no registry.
    if !reference.starts_with("localhost/") {
        let pull = [engine.program(), "pull", "--quiet", reference].map(str::to_owned);
        finished(&pull, FETCHING).await?;
    }
    let mut inspect = tokio::process::Command::new(engine.program());
    inspect.args(["image", "inspect", reference]).stdin(Stdio::null()).kill_on_drop(true);
    let account = tokio::time::timeout(FETCHING, inspect.output()).await??;
    if !account.status.success() {
        let why = String::from_utf8_lossy(&account.stderr).trim().to_owned();
        bail!("{reference} is not here: {why}");
    }
    let image = Image::parse(&String::from_utf8_lossy(&account.stdout))
        .with_context(|| reference.to_owned())?;
    let mut fetched = Fetched::new(image.start(arguments), &image.reference, image.digest);
    fetched.folder = image.folder;
    Ok(fetched)
}

/// The bytes of an archive, which have the digest that its entry says.
async fn archived(url: &str, sha256: &str) -> anyhow::Result<Vec<u8>> {
    let bytes = tokio::time::timeout(FETCHING, downloaded(url)).await.context(url.to_owned())??;
    let digest = Digest::of(&bytes);
    if !digest.hex().eq_ignore_ascii_case(sha256) {
        bail!("{url} has the SHA-256 {}, and its entry says {sha256}", digest.hex());
    }
    Ok(bytes)
}

async fn downloaded(url: &str) -> anyhow::Result<Vec<u8>> {
    let parsed = reqwest::Url::parse(url).with_context(|| url.to_owned())?;
    if !is_safe(&parsed) {
        bail!("{url}: an archive is fetched by https");
    }
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let onward = |attempt: Attempt<'_>| {
        let (far, safe) = (attempt.previous().len() > REDIRECTS, is_safe(attempt.url()));
        if far || !safe { attempt.stop() } else { attempt.follow() }
    };
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::custom(onward))
        .build()?;
    let mut answer = client.get(parsed).send().await?;
    if !answer.status().is_success() {
        bail!("{url} answers {}", answer.status());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            bail!("{url} has more than {} MiB", LARGEST >> 20);
        }
    }
    Ok(bytes)
}

/// By TLS, or from this machine.
fn is_safe(url: &reqwest::Url) -> bool {
    let is_here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

fn unpacked(
    url: &str,
    bytes: Vec<u8>,
    folder: &Path,
    arguments: &[String],
    answers: &Answers,
) -> Result<Fetched, Failure> {
    let digest = Digest::of(&bytes).to_string();
    archive::unpack(Cursor::new(bytes), folder).with_context(|| url.to_owned())?;
    let manifest = config::read(&folder.join("manifest.json"));
    let manifest = manifest.with_context(|| format!("{url} has no manifest.json"))?;
    let started = match archive::start(&manifest, answers) {
        Ok(started) => started,
        Err(ArchiveError::NeedsAnswers(questions)) => return Err(asked(url, &questions)),
        Err(error) => return Err(anyhow!("{url}: {error}").into()),
    };
    let mut fetched = Fetched::new(started.arguments, started.image, Some(digest));
    fetched.start.extend(arguments.iter().cloned());
    fetched.env = started.env;
    fetched.secrets = started.secrets;
    Ok(fetched)
}
