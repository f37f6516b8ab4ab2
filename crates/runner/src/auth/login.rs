//! Who has signed in: people in the places of the principals of a run, with the tokens that they were given.

use plumb_oauth::{Access, SignedIn, Token};

use super::{OTHER_PRINCIPAL, PRINCIPAL};
use crate::Trouble;

/// A subject of so many characters is not found in a text by accident.
const TELLING: usize = 5;

/// A person who has signed in, with what the target's own authorization server mints.
#[derive(Clone, Debug)]
pub struct Login {
    /// The tokens.
    pub signed_in: SignedIn,
    /// A token of the same person for another resource, if that was to be had.
    pub for_another: Option<Token>,
    /// Tokens of the same person for fewer scopes, as far as they were to be had.
    pub narrower: Vec<SignedIn>,
    /// Another person, if one has signed in.
    pub other: Option<SignedIn>,
}

impl Login {
    /// The people and their tokens for the target.
    pub(super) fn all(&self) -> impl Iterator<Item = &SignedIn> {
        [&self.signed_in].into_iter().chain(&self.narrower).chain(&self.other)
    }

    /// Who a principal of the run is.
    fn person(&self, principal: &str) -> Option<&SignedIn> {
        match principal {
            PRINCIPAL => Some(&self.signed_in),
            OTHER_PRINCIPAL => self.other.as_ref(),
            _ => None,
        }
    }

    /// The token that grants this access, if somebody was given one.
    pub(super) fn token(&self, access: &Access) -> Result<Token, Trouble> {
        let Some(person) = self.person(access.who()) else {
            let [why, how] = ANOTHER_PERSON;
            return Err(Trouble::unseen(why, how));
        };
        let whole = self.signed_in.has_scopes(access.granted()).then_some(person);
        let first = access.who() == PRINCIPAL;
        let fewer = || self.narrower.iter().find(|n| first && n.has_scopes(access.granted()));
        let Some(granted) = whole.or_else(fewer) else {
            let [why, how] = FEWER_SCOPES;
            return Err(Trouble::unseen(why, how));
        };
        Ok(Token::of(granted.access_token.clone()))
    }

    /// By what name the target knows the person with this token, if that is told and tells them apart.
    pub(super) fn subject(&self, token: &Token) -> Result<String, Trouble> {
        let everybody = self.all().filter(|person| person.access_token != token.as_str());
        let others = everybody.filter_map(|p| Token::of(p.access_token.clone()).subject());
        let subject = token.subject().filter(|subject| subject.len() >= TELLING);
        let apart = |subject: &String| {
            others
                .filter(|other| other != subject)
                .all(|o| !o.contains(subject.as_str()) && !subject.contains(&o))
        };
        subject.filter(apart).ok_or_else(|| {
            Trouble::unseen(
                "the tokens do not tell their subjects, or such that would be found in any text",
                "sign in where access tokens are JWTs whose `sub` is a name",
            )
        })
    }
}

/// Why a check waits for the token of somebody else.
const ANOTHER_PERSON: [&str; 2] = [
    "it needs the tokens of two people, and one has signed in",
    "let two sign in: --login-as ONE,OTHER (docs/auth.md)",
];

/// And for one of other scopes.
const FEWER_SCOPES: [&str; 2] = [
    "it needs a token of other scopes than the authorization server granted",
    "sign in where a refresh token is good for fewer scopes (RFC 6749 section 6), and ask for more than one: --auth-scope",
];
