//! `basic/patterns/progress`: a token is a string or an integer.

use plumb_runner::{Finding, Observed, Trouble};
use plumb_wire::codes;
use serde_json::Value;

/// A token, under the name of its case.
type Token<'a> = (&'a str, Value);
type Answer = Result<Observed, Trouble>;

/// What came of the calls with tokens of one type, if all of those are refused, and one with a token of the other is served.
pub(super) fn one_refused(tokens: &[Token<'_>], answers: &[Answer]) -> Option<Finding> {
    let calls = || tokens.iter().map(|(_, token)| token).zip(answers);
    [true, false].into_iter().find_map(|strings| {
        let mut these = calls().filter(|(token, _)| token.is_string() == strings);
        let mut others = calls().filter(|(token, _)| token.is_string() != strings);
        let (served, _) = others.find(|(_, answer)| serves(answer))?;
        let (token, first) = these.next().filter(|(_, answer)| refuses(answer))?;
        let (first, all) = (first.as_ref().ok()?, these.all(|(_, answer)| refuses(answer)));
        let expected = format!("a result with the token {token}, as with {served}");
        all.then(|| Finding::violated(expected, first.describe()))
    })
}

fn serves(answer: &Answer) -> bool {
    answer.as_ref().is_ok_and(Observed::is_accepted)
}

/// Whether the request itself is blamed.
fn refuses(answer: &Answer) -> bool {
    let code = answer.as_ref().ok().and_then(Observed::code);
    matches!(code, Some(codes::INVALID_PARAMS | codes::INVALID_REQUEST))
}

#[cfg(test)]
mod tests {
    use plumb_recorded::{complete, error, stdio};
    use serde_json::json;

    use super::*;

    fn answered(answer: Value) -> Answer {
        Ok(stdio("tools/call", json!({"name": "slow"}), &[answer]))
    }

    fn served() -> Answer {
        answered(complete(json!({"content": []})))
    }

    fn judged(answers: [Answer; 3]) -> Option<Finding> {
        let tokens = [("integer", json!(7)), ("digits", json!("8")), ("letters", json!("x"))];
        one_refused(&tokens, &answers)
    }

    #[test]
    fn a_token_of_either_type_is_taken() {
        let refused = || answered(error(codes::INVALID_PARAMS));
        let strings = judged([served(), refused(), refused()]);
        let integers = judged([refused(), served(), served()]);
        for wrong in [strings, integers] {
            assert!(matches!(wrong, Some(Finding::Violated { .. })), "{wrong:?}");
        }
    }

    #[test]
    fn one_value_is_no_type_and_a_failure_no_refusal() {
        let refused = || answered(error(codes::INVALID_PARAMS));
        let failed = || answered(error(codes::INTERNAL_ERROR));
        assert_eq!(judged([served(), served(), refused()]), None);
        assert_eq!(judged([served(), failed(), failed()]), None);
        assert_eq!(judged([refused(), refused(), refused()]), None, "the call is wrong");
    }
}
