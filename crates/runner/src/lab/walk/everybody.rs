//! What a protected server serves to everybody: that it serves it without a token says nothing of tokens.

use plumb_model::Sent;
use plumb_model::pack::{Base, Kind, Outcome};

use super::prepared::Prepared;
use super::{Walk, send};
use crate::facet::Tried;

impl Walk<'_> {
    /// Whether a vector that leaves the token out of its place was served, and so is the same request without any token, on a
    /// connection that has never seen one. Which methods need a token is the server's to say. Discovery, which comes before
    /// authorization, may look at no token at all.
    pub(super) async fn serves_everybody(&self, prepared: &Prepared, tried: &Tried) -> bool {
        let bears = matches!(prepared.trial.vector.kind, Kind::Token(_));
        let open = bears && (!has_authorization(tried) || prepared.trial.base == Base::Discover);
        let served = tried.allowed.outcome == Outcome::Refused && tried.sent.is_accepted();
        if !open || !served || tried.controlled.is_err() {
            return false;
        }
        let bare = self.control(prepared).without_token().fresh();
        send(self.channel, &prepared.by, &bare).await.is_ok_and(|seen| seen.is_accepted())
    }
}

/// Whether the vector went out with an `Authorization` field.
fn has_authorization(tried: &Tried) -> bool {
    let Sent::Http { headers, .. } = &tried.sent.exchange.sent else { return false };
    headers.iter().any(|header| header.name.eq_ignore_ascii_case("authorization"))
}
