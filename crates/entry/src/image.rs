//! Images of others: what their configuration says about how they start.

use serde::Deserialize;

/// An image that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its reference by digest, or its own id if it has none.
    pub reference: String,
    /// The digest that a registry knows it by.
    pub digest: Option<String>,
    /// Where its server starts.
    pub folder: String,
    entrypoint: Vec<String>,
    command: Vec<String>,
}

/// Why an image cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The engine told something else.
    #[error("the engine's account of the image: {0}")]
    Account(#[from] serde_json::Error),
    /// It has neither entry point nor command.
    #[error("the image says nothing of what it starts")]
    Nothing,
}

impl Image {
    /// Reads what `inspect` of podman or docker prints: a list of one image.
    pub fn parse(account: &str) -> Result<Self, ImageError> {
        let [image] = serde_json::from_str::<[Account; 1]>(account)?;
        let config = image.config;
        let named = image.repo_digests.into_iter().next();
        let digest =
            named.as_deref().and_then(|name| name.split_once('@')).map(|(_, d)| d.to_owned());
        let is_empty = config.entrypoint.is_none() && config.cmd.is_none();
        if is_empty {
            return Err(ImageError::Nothing);
        }
        Ok(Self {
            reference: named.unwrap_or(image.id),
            digest,
            folder: config.working_dir.filter(|dir| !dir.is_empty()).unwrap_or("/".to_owned()),
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
        })
    }

    /// What starts its server: arguments stand in the place of the image's own command, as `docker run` has it.
    pub fn start(&self, arguments: &[String]) -> Vec<String> {
        let own = if arguments.is_empty() { &self.command } else { arguments };
        self.entrypoint.iter().chain(own).cloned().collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    id: String,
    #[serde(default)]
    repo_digests: Vec<String>,
    #[serde(default)]
    config: Config,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    working_dir: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_started_as_its_configuration_says() {
        let account = r#"[{"Id": "sha256:1", "RepoDigests": ["ghcr.io/a/b@sha256:2"], "Config": {"Env": ["A=b"],
            "Entrypoint": ["node", "i.js"], "Cmd": ["--stdio"], "WorkingDir": "/app"}}]"#;
        let image = Image::parse(account).expect("an image");
        assert_eq!(
            (image.reference.as_str(), image.digest.as_deref()),
            ("ghcr.io/a/b@sha256:2", Some("sha256:2"))
        );
        assert_eq!(image.start(&[]), ["node", "i.js", "--stdio"]);
        assert_eq!(image.start(&["--http".to_owned()]), ["node", "i.js", "--http"]);
    }

    #[test]
    fn an_image_without_a_digest_is_its_id_and_one_without_a_command_is_none() {
        let bare = r#"[{"Id": "sha256:1", "Config": {"Cmd": ["/server"]}}]"#;
        let image = Image::parse(bare).expect("an image");
        assert_eq!((image.reference.as_str(), image.folder.as_str()), ("sha256:1", "/"));
        assert!(matches!(Image::parse(r#"[{"Id": "sha256:1"}]"#), Err(ImageError::Nothing)));
    }
}
