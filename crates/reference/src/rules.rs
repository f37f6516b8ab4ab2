//! The rules that the server keeps, and the mutants that come of breaking one.
//!
//! A new mutant is one entry of a table and one `if` where the rule is kept. The tables stand by page; each is a macro that
//! hands its entries, and those before it, to the next.

#[macro_use]
mod apps;
#[macro_use]
mod authorization;
#[macro_use]
mod basic;
#[macro_use]
mod cards;
#[macro_use]
mod client;
#[macro_use]
mod patterns;
#[macro_use]
mod schema;
#[macro_use]
mod server;
#[macro_use]
mod tasks;
#[macro_use]
mod transports;

/// Declares the switches, and for each the requirement whose check must notice when it is off.
macro_rules! rules {
    ([] $($(#[doc = $doc:literal])+ $rule:ident => kills $requirement:literal,)+) => {
        /// One switch for each rule; `true` keeps it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Rules {
            $($(#[doc = $doc])+ pub $rule: bool,)+
        }

        impl Rules {
            /// Every rule kept.
            pub const SPEC: Self = Self { $($rule: true,)+ };
        }

        /// Every rule broken, one at a time.
        pub const MUTANTS: &[Mutant] = &[
            $(Mutant {
                name: stringify!($rule),
                kills: $requirement,
                doc: concat!($($doc),+).trim_ascii(),
                apply: |rules| rules.$rule = false,
            },)+
        ];
    };
}

/// The server with one rule broken.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// The rule that it breaks: a field of [`Rules`].
    pub name: &'static str,
    /// The requirement that it violates, and whose check must say so.
    pub kills: &'static str,
    /// The rule as the conforming server keeps it.
    pub doc: &'static str,
    /// Breaks the rule.
    pub apply: fn(&mut Rules),
}

impl Mutant {
    /// Every rule but the one.
    pub fn rules(&self) -> Rules {
        let mut rules = Rules::SPEC;
        (self.apply)(&mut rules);
        rules
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::SPEC
    }
}

basic! { [transports patterns client server schema tasks apps cards authorization rules] }
