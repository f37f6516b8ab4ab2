//! What is true of the two servers of a scene.

use super::scene::Scene;

/// Where they are and what they are called.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What they do.
    pub scene: Scene,
    /// The origin of the server, such as `http://127.0.0.1:9000`.
    pub server: String,
    /// The URI of the server.
    pub uri: String,
    /// What its metadata says is the resource.
    pub resource: String,
    /// The origin of the authorization server.
    pub authority: String,
    /// Its issuers: the server's, and the one that it may move to.
    pub issuers: [String; 2],
    /// The scope of a challenge.
    pub challenged: Option<&'static str>,
    /// The scopes that the metadata of the resource lists.
    pub supported: Option<&'static [&'static str]>,
    /// When the run began, in seconds of Unix time.
    pub epoch: u64,
}
