//! Values of inputs: what the entry says, what the user answers, what is asked.

use serde_json::{Map, Value};

use crate::answers::{Answers, Question};
use crate::entry::{Argument, Input, Named};

/// Fills in values, and remembers what it had none for.
pub(crate) struct Filling<'a> {
    pub(crate) answers: &'a Answers,
    /// What the user has to say.
    pub(crate) questions: Vec<Question>,
    /// Values that must not be shown, by name.
    pub(crate) secrets: Vec<(String, String)>,
    /// What is known by name so far: a transport's address can refer to it.
    known: Vec<(String, String)>,
}

impl<'a> Filling<'a> {
    pub(crate) fn new(answers: &'a Answers) -> Self {
        Self { answers, questions: Vec::new(), secrets: Vec::new(), known: Vec::new() }
    }

    /// The environment variables or header fields that have values.
    pub(crate) fn named(&mut self, all: &[Named]) -> Vec<(String, String)> {
        let mut filled = Vec::new();
        for one in all {
            if let Some(value) = self.value(&one.name, &one.input) {
                filled.push((one.name.clone(), value));
            }
        }
        filled
    }

    /// The arguments of a command line, each an element of its own.
    pub(crate) fn arguments(&mut self, all: &[Argument]) -> Vec<String> {
        let mut filled = Vec::new();
        for argument in all {
            match argument {
                Argument::Positional { value_hint, input } => {
                    let name =
                        value_hint.as_deref().or(input.value.as_deref()).unwrap_or("argument");
                    filled.extend(self.value(name, input));
                }
                Argument::Named { name, input } => {
                    // A flag whose value is empty stands alone.
                    match self.value(name, input) {
                        Some(value) if value.is_empty() => filled.push(name.clone()),
                        Some(value) => filled.extend([name.clone(), value]),
                        None => {}
                    }
                }
            }
        }
        filled
    }

    /// A text with `{placeholders}` filled in from variables of its own, and from what is known by name.
    pub(crate) fn template(&mut self, text: &str, variables: &Map<String, Value>) -> String {
        let mut text = text.to_owned();
        for (name, input) in variables {
            let place = format!("{{{name}}}");
            if !text.contains(&place) {
                continue;
            }
            let input: Input = serde_json::from_value(input.clone()).unwrap_or_default();
            if let Some(value) = self.value(name, &input) {
                text = text.replace(&place, &value);
            } else if !self.questions.iter().any(|question| question.name == *name) {
                // A place without a value is no text, whether or not the entry calls it required.
                self.ask(name, &input);
            }
        }
        for (name, value) in &self.known {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// The value of an input: the entry's own, else the user's answer, else the default; asked for if it is required.
    fn value(&mut self, name: &str, input: &Input) -> Option<String> {
        let value = match &input.value {
            Some(fixed) => Some(self.template(fixed, &input.variables)),
            None => self.answers.of(name).or_else(|| input.default.clone()),
        };
        let value = value.filter(|value| input.choices.is_empty() || input.choices.contains(value));
        let Some(value) = value else {
            if input.is_required {
                self.ask(name, input);
            }
            return None;
        };
        if input.is_secret {
            self.secrets.push((name.to_owned(), value.clone()));
        }
        self.known.push((name.to_owned(), value.clone()));
        Some(value)
    }

    fn ask(&mut self, name: &str, input: &Input) {
        self.questions.push(Question {
            name: name.to_owned(),
            about: input.description.clone().unwrap_or_default(),
            secret: input.is_secret,
            choices: input.choices.clone(),
        });
    }
}
