//! A bundle: the statement in a DSSE envelope, and the recording that every report is rendered from.
//!
//! The file is canonical JSON (RFC 8785) of one line, and is read as nothing else: no byte of it can change unnoticed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use plumb_model::report::FoldError;
use plumb_model::{Event, Report};
use serde::{Deserialize, Serialize};

use crate::key::{Signer, Verifier};
use crate::statement::{About, Statement};
use crate::{Digest, Judgement, canonical, distil};

/// The kind of file, and the version of its format.
const KIND: &str = "application/vnd.plumb.bundle+json;version=1";
/// What the envelope holds.
const PAYLOAD: &str = "application/vnd.in-toto+json";
/// A recording beyond this many bytes is none of ours.
const MOST: usize = 512 << 20;
/// How hard a recording is pressed together: what zlib does by default.
const LEVEL: u8 = 6;

/// A bundle that was read, with its digests found right.
#[derive(Debug)]
pub struct Bundle {
    /// What it says.
    pub statement: Statement,
    /// The run, as every report is rendered from it.
    pub report: Report,
    /// Who says so.
    pub signature: Signature,
}

/// Who vouches for a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Nobody: its digests are right, and anybody could have written them.
    Unsigned,
    /// The key that was asked for.
    Trusted(String),
    /// A key that the bundle brought along, and nobody asked for.
    Unknown(String),
}

/// Why a file is no bundle, or not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is no bundle, or was changed in a way that makes it none.
    #[error("it is no bundle of ours: {0}")]
    NoBundle(String),
    /// It says the same in other bytes.
    #[error("its bytes are not those that were written")]
    NotCanonical,
    /// Something in it is not what its digest says.
    #[error("{0} does not have the digest that is written beside it")]
    Digest(&'static str),
    /// The signature does not belong to what is signed.
    #[error("its signature is wrong")]
    Signature,
    /// It is not signed, though a key was named.
    #[error("it is not signed")]
    Unsigned,
    /// It is signed with another key.
    #[error("it is signed with the key {found}, not with {wanted}")]
    OtherKey {
        /// The key that signed it.
        found: String,
        /// The key that was asked for.
        wanted: String,
    },
    /// The statement says something else than the recording beside it.
    #[error("its statement is not what its recording shows")]
    Contradiction,
    /// The recording is no run.
    #[error("its recording is no run: {0}")]
    Recording(#[from] FoldError),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    media_type: String,
    dsse_envelope: Envelope,
    /// The digest of the payload, for whoever has no key.
    payload_digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    recording: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<Signed>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    keyid: String,
    sig: String,
}

impl Bundle {
    /// The bundle of a run, as bytes.
    pub fn seal(
        report: &Report,
        judgement: Judgement,
        about: About,
        signer: Option<&Signer>,
    ) -> Vec<u8> {
        let recording = lines(&distil::distilled(report));
        let statement = Statement::new(report, judgement, about, Digest::of(&recording));
        let payload = canonical(&statement);
        let signatures = signer.iter().map(|signer| Signed {
            keyid: signer.verifier().id(),
            sig: STANDARD.encode(signer.sign(&pre_authentication(PAYLOAD, &payload))),
        });
        let file = File {
            media_type: KIND.to_owned(),
            payload_digest: Digest::of(&payload),
            public_key: signer.map(|signer| STANDARD.encode(signer.verifier().der())),
            dsse_envelope: Envelope {
                payload_type: PAYLOAD.to_owned(),
                payload: STANDARD.encode(&payload),
                signatures: signatures.collect(),
            },
            recording: STANDARD.encode(compress_to_vec_zlib(&recording, LEVEL)),
        };
        let mut bytes = canonical(&file);
        bytes.push(b'\n');
        bytes
    }

    /// Reads a bundle and checks everything in it; with a key, only one that this key has signed.
    pub fn open(bytes: &[u8], wanted: Option<&Verifier>) -> Result<Self, BundleError> {
        let no_bundle = |why: &dyn std::fmt::Display| BundleError::NoBundle(why.to_string());
        let file: File = serde_json::from_slice(bytes).map_err(|why| no_bundle(&why))?;
        if file.media_type != KIND || file.dsse_envelope.payload_type != PAYLOAD {
            return Err(no_bundle(&"it is of another kind or version"));
        }
        if bytes.strip_suffix(b"\n") != Some(&canonical(&file)) {
            return Err(BundleError::NotCanonical);
        }
        let decoded = |text: &str| STANDARD.decode(text).map_err(|why| no_bundle(&why));
        let payload = decoded(&file.dsse_envelope.payload)?;
        if Digest::of(&payload) != file.payload_digest {
            return Err(BundleError::Digest("the statement"));
        }
        let signature = file.signature(&payload, wanted)?;
        let statement: Statement =
            serde_json::from_slice(&payload).map_err(|why| no_bundle(&why))?;
        if !statement.is_ours() || canonical(&statement) != payload {
            return Err(no_bundle(&"its statement is not of the kind that we write"));
        }
        let pressed = decoded(&file.recording)?;
        let recording = decompress_to_vec_zlib_with_limit(&pressed, MOST);
        let recording = recording.map_err(|_| BundleError::Digest("the recording"))?;
        let right = Digest::of(&recording) == statement.predicate.occasion.recording_digest
            && compress_to_vec_zlib(&recording, LEVEL) == pressed;
        if !right {
            return Err(BundleError::Digest("the recording"));
        }
        let report = Report::from_jsonl(&String::from_utf8_lossy(&recording))?;
        if !statement.is_about(&report) {
            return Err(BundleError::Contradiction);
        }
        Ok(Self { statement, report, signature })
    }
}

impl File {
    fn signature(
        &self,
        payload: &[u8],
        wanted: Option<&Verifier>,
    ) -> Result<Signature, BundleError> {
        let (signed, key) = match (self.dsse_envelope.signatures.as_slice(), &self.public_key) {
            ([], None) if wanted.is_none() => return Ok(Signature::Unsigned),
            ([], None) => return Err(BundleError::Unsigned),
            ([signed], Some(key)) => (signed, key),
            _ => return Err(BundleError::Signature),
        };
        let der = STANDARD.decode(key).map_err(|_| BundleError::Signature)?;
        let key = Verifier::from_der(&der).map_err(|_| BundleError::Signature)?;
        let signature = STANDARD.decode(&signed.sig).map_err(|_| BundleError::Signature)?;
        let right = key.id() == signed.keyid
            && key.verifies(&pre_authentication(PAYLOAD, payload), &signature);
        if !right {
            return Err(BundleError::Signature);
        }
        match wanted {
            None => Ok(Signature::Unknown(key.id())),
            Some(wanted) if *wanted == key => Ok(Signature::Trusted(key.id())),
            Some(wanted) => Err(BundleError::OtherKey { found: key.id(), wanted: wanted.id() }),
        }
    }
}

/// What is signed: DSSE's pre-authentication encoding of a payload.
fn pre_authentication(kind: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

fn lines(events: &[Event]) -> Vec<u8> {
    let mut lines = Vec::new();
    for event in events {
        lines.extend(canonical(event));
        lines.push(b'\n');
    }
    lines
}

#[cfg(test)]
pub(crate) mod tests;
