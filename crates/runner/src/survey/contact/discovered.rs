//! Contact with a target that answers discovery: it may do so only to name other revisions.

use plumb_model::Edition;
use plumb_wire::{Capability, codes, method};
use serde_json::json;

use crate::channel::Channel;
use crate::errors::ContactError;
use crate::{Probe, Survey};

/// What is known of a target that answers discovery, and a handshake by this version.
pub(super) async fn by(
    survey: &mut Survey,
    edition: &Edition,
    channel: &Channel,
    negotiated: Option<String>,
) -> Result<(), ContactError> {
    if survey.versions.contains(&edition.revision) || !declines(survey, channel).await {
        survey.dual_era = negotiated.is_some() || survey.era_undecided;
        return Ok(());
    }
    let (revision, supported) = (edition.revision.clone(), survey.versions.join(", "));
    survey.legacy_only = negotiated;
    let other = ContactError::OtherRevision { revision, supported };
    if survey.legacy_only.is_some() { Ok(()) } else { Err(other) }
}

/// Whether a server that does not name the revision among those that it supports refuses it, too, as it should. `server/discover`
/// is answered all the same, so that clients learn which they are.
async fn declines(survey: &Survey, channel: &Channel) -> bool {
    let lists = [
        (Capability::Tools, method::TOOLS_LIST),
        (Capability::Resources, method::RESOURCES_LIST),
        (Capability::Prompts, method::PROMPTS_LIST),
    ];
    let declared = lists.into_iter().find(|(capability, _)| survey.declares(*capability));
    let (_, method) = declared.unwrap_or(lists[0]);
    let list = channel.send("survey", &Probe::request(method, json!({}))).await;
    list.is_ok_and(|seen| seen.code() == Some(codes::UNSUPPORTED_VERSION))
}
