//! What a vector and its controls showed, for those who judge it.

use std::sync::Arc;

use plumb_model::Edition;
use plumb_model::pack::Base;

use super::super::given::Given;
use super::super::trial::Trial;
use crate::facet::Tried;
use crate::{Observed, Survey, Trouble};

/// A vector between its controls.
pub(super) fn between(
    given: Given<'_>,
    trial: &Trial,
    before: Observed,
    sent: Observed,
    after: Observed,
) -> Tried {
    let controlled = if before.is_accepted() && after.is_accepted() {
        Ok(())
    } else {
        let which = if before.is_accepted() { &after } else { &before };
        Err(uncontrolled(given.survey, trial.base, which))
    };
    Tried {
        title: trial.vector.title.clone(),
        edition: Arc::clone(given.edition),
        dual_era: given.survey.dual_era,
        allowed: trial.vector.answer.clone(),
        before,
        sent,
        after: Some(after),
        controlled,
    }
}

/// Why the unbroken request was not accepted. Whether `subscriptions/listen` must be there, and acknowledge, is judged
/// once, by `subs.supported`; a list that was refused to the survey as well is not served.
fn uncontrolled(survey: &Survey, base: Base, seen: &Observed) -> Trouble {
    let absent =
        |why: &str, how: &str| Trouble::Absent { why: why.into(), how_to_enable: how.into() };
    if base == Base::Listen && seen.code() == Some(plumb_wire::codes::METHOD_NOT_FOUND) {
        return absent("the server has no `subscriptions/listen`", "serve it");
    }
    if base == Base::Listen && seen.messages.is_empty() && seen.status().is_none_or(|s| s == 200) {
        return absent("the server acknowledges no subscription", "acknowledge it");
    }
    let list = match base {
        Base::ToolsList => Some(&survey.tools),
        Base::ResourcesList => Some(&survey.resources),
        Base::PromptsList => Some(&survey.prompts),
        _ => None,
    };
    let refused = |page: &Observed| page.error().is_some() && seen.error().is_some();
    if list.and_then(|list| list.pages.first()).is_some_and(refused) {
        let why = format!("the server does not serve the list: {}", seen.describe());
        return absent(
            &why,
            "serve it as it is served where it is deployed: give the server what it needs for that",
        );
    }
    Trouble::Control(seen.describe())
}

pub(super) fn untried(edition: &Arc<Edition>, trial: &Trial, trouble: Trouble) -> Tried {
    Tried {
        title: trial.vector.title.clone(),
        edition: Arc::clone(edition),
        dual_era: false,
        allowed: trial.vector.answer.clone(),
        before: nothing(&trial.address),
        sent: nothing(&trial.address),
        after: None,
        controlled: Err(trouble),
    }
}

/// What stands for an exchange that was not.
pub(super) fn nothing(by: &str) -> Observed {
    Observed::new(plumb_model::Exchange {
        seq: 0,
        by: by.to_owned(),
        channel: "none".into(),
        initiator: plumb_model::Initiator::Us,
        sent: plumb_model::Sent::Nothing,
        answer: plumb_model::Answer::default(),
    })
}

#[cfg(test)]
mod tests {
    use plumb_model::{Answer, Carrier, Frame};
    use serde_json::{Value, json};

    use super::*;

    fn answered(members: &Value) -> Observed {
        let payload = members.to_string().into();
        let frames = vec![Frame { at: 0, carrier: Carrier::Body, payload }];
        let exchange = plumb_model::Exchange::clone(&nothing("test").exchange);
        Observed::new(plumb_model::Exchange {
            answer: Answer { frames, ..Answer::default() },
            ..exchange
        })
    }

    fn refused(code: i64) -> Observed {
        answered(&json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "no"}}))
    }

    #[test]
    fn a_list_that_was_refused_to_the_survey_as_well_is_not_served() {
        let mut survey = Survey::default();
        survey.tools.pages = vec![refused(-32603)];
        let why = |base, seen: &Observed| uncontrolled(&survey, base, seen);
        let again = refused(-32603);
        assert!(matches!(why(Base::ToolsList, &again), Trouble::Absent { .. }));
        assert!(matches!(why(Base::PromptsList, &again), Trouble::Control(_)), "it was served");
        assert!(matches!(why(Base::ToolsCall, &again), Trouble::Control(_)), "it is no list");
        let silent = nothing("test");
        assert!(matches!(why(Base::ToolsList, &silent), Trouble::Control(_)), "it says nothing");
    }

    #[test]
    fn a_subscription_that_is_not_there_is_no_failed_control() {
        let why = |seen: &Observed| uncontrolled(&Survey::default(), Base::Listen, seen);
        assert!(matches!(why(&refused(-32601)), Trouble::Absent { .. }));
        assert!(matches!(why(&nothing("test")), Trouble::Absent { .. }));
    }
}
