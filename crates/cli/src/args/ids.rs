//! Ids of requirements, which shells complete and which are judged later.

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use plumb_model::Edition;

/// Takes any text; shells are told the ids of the ledger.
#[derive(Clone)]
pub(crate) struct Ids;

impl TypedValueParser for Ids {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        // Only who writes completions asks for all of them.
        let asked = std::env::args().nth(1).is_some_and(|command| command == "completions");
        let ids = || {
            let rows = Edition::latest().ledger;
            // They are kept as long as the program: it writes completions, and ends.
            let kept = |id: &String| PossibleValue::new(&*id.clone().leak());
            rows.rows().iter().map(|row| kept(&row.id)).collect::<Vec<_>>()
        };
        asked.then(|| Box::new(ids().into_iter()) as Box<dyn Iterator<Item = PossibleValue>>)
    }
}
