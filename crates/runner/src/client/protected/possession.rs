//! What the two servers of a scene do whose tokens are bound to a key of the client (RFC 9449): both stay servers for
//! clients that know nothing of it.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plumb_model::Header;
use plumb_wire::Asked;
use plumb_wire::http::Response;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};

use super::authority::refusal;
use super::proof::{NONCE, PROOF, Proof};
use super::scene::Scene;

/// The algorithms that both servers announce: such as we can verify.
pub const ALGORITHMS: [&str; 5] = ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"];

/// The nonces of one server: the one that it demands at first, and the one that it gives later.
#[derive(Debug)]
pub(super) struct Nonces {
    all: [String; 2],
    /// Whether the second one was given.
    renewed: AtomicBool,
}

impl Nonces {
    /// Those of a server of this scene, if it demands any.
    pub(super) fn of(scene: Scene) -> Option<Self> {
        if scene != Scene::DpopNonce {
            return None;
        }
        let drawn = || {
            let mut bytes = [0; 18];
            // Without randomness, nothing else of a run works either.
            SystemRandom::new().fill(&mut bytes).ok()?;
            Some(URL_SAFE_NO_PAD.encode(bytes))
        };
        let all = [drawn()?, drawn()?];
        Some(Self { all, renewed: AtomicBool::new(false) })
    }

    /// Whether the proof of a request has no nonce of this server: it is refused then. What brings no proof is not.
    fn is_missing(&self, asked: &Asked) -> bool {
        let Some(field) = asked.header(PROOF) else { return false };
        let proof = Proof::parse(field.trim());
        let nonce = proof.as_ref().and_then(|proof| proof.claim("nonce"));
        !nonce.is_some_and(|nonce| self.all.iter().any(|own| own == nonce))
    }

    /// The one to use now.
    fn newest(&self) -> &str {
        &self.all[usize::from(self.renewed.load(Ordering::Relaxed))]
    }

    /// Refuses a token request without a nonce (RFC 9449 section 8).
    pub(super) fn refuse_token(&self, asked: &Asked) -> Option<Response> {
        let answer = || refusal("use_dpop_nonce", "the proof needs the nonce of this answer");
        self.is_missing(asked).then(|| answer().header(NONCE, self.newest()))
    }

    /// Refuses a message without a nonce (RFC 9449 section 9).
    pub(super) fn refuse_message(&self, asked: &Asked) -> Option<Response> {
        let challenge = format!("DPoP error=\"use_dpop_nonce\", {}", algorithms());
        let answer = || Response::new(401).header("WWW-Authenticate", challenge);
        self.is_missing(asked).then(|| answer().header(NONCE, self.newest()))
    }

    /// Gives the second nonce with an answer (RFC 9449 section 8.2).
    pub(super) fn renew(&self, response: &mut Response) {
        self.renewed.store(true, Ordering::Relaxed);
        response.headers.push(Header::new(NONCE, self.newest()));
    }
}

/// Whether tokens of this scene are bound to a key where a client proves that it has one.
pub(super) fn is_offered(scene: Scene) -> bool {
    matches!(scene, Scene::Dpop | Scene::DpopNonce)
}

/// The parameter of a challenge that names the algorithms (RFC 9449 section 7.1).
pub(super) fn algorithms() -> String {
    format!("algs=\"{}\"", ALGORITHMS.join(" "))
}

/// Says in metadata which proofs are understood (RFC 9449 section 5.1, RFC 9728 section 2).
pub(super) fn announce(document: &mut Value) {
    document["dpop_signing_alg_values_supported"] = json!(ALGORITHMS);
}

/// The answer to a token request that was granted: who has sent a proof gets a token that is bound to its key.
pub(super) fn bind(asked: &Asked, nonces: Option<&Nonces>, response: &mut Response) {
    if response.status != 200 || asked.header(PROOF).is_none() {
        return;
    }
    let document = serde_json::from_slice::<Value>(response.body.bytes());
    let Ok(mut document) = document else { return };
    document["token_type"] = json!("DPoP");
    response.body = document.to_string().into();
    if let Some(nonces) = nonces {
        nonces.renew(response);
    }
}
