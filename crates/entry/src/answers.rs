//! What nobody but the user can say: values of inputs, in a file of their own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

/// Values by the names of inputs: `[answers]` in TOML. A value of `{env = "NAME"}` is taken from the environment, so that
/// no secret has to stand in a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    #[serde(default)]
    answers: BTreeMap<String, Answer>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Answer {
    Value(String),
    Variable { env: String },
}

/// An input that needs an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its name, by which the answers file gives its value.
    pub name: String,
    /// What the entry says about it.
    pub about: String,
    /// Whether its value must not be shown.
    pub secret: bool,
    /// The values that it can have; any if there are none.
    pub choices: Vec<String>,
}

impl Answers {
    /// Reads an answers file.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The answer for a name, if there is one; one of an environment variable that is not set is none.
    pub(crate) fn of(&self, name: &str) -> Option<String> {
        match self.answers.get(name)? {
            Answer::Value(value) => Some(value.clone()),
            Answer::Variable { env } => std::env::var(env).ok(),
        }
    }

    /// An answers file to fill in.
    pub fn asked(questions: &[Question]) -> String {
        let mut text = String::from("[answers]\n");
        for question in questions {
            let about = question.about.lines().next().unwrap_or_default();
            let name = toml::Value::String(question.name.clone());
            if !about.is_empty() {
                let _ = writeln!(text, "# {about}");
            }
            if !question.choices.is_empty() {
                let _ = writeln!(text, "# One of: {}", question.choices.join(", "));
            }
            let _ = if question.secret {
                writeln!(
                    text,
                    "{name} = {{ env = {name} }}  # a secret, from a variable of that name"
                )
            } else {
                writeln!(text, "{name} = \"\"")
            };
        }
        text
    }
}
