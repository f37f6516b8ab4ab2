//! How a table of named deviations is declared: once, with its meaning, its standing and its source.

/// What the specifications make of a token or of its presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It must be honoured for what it grants.
    Valid,
    /// It must be refused.
    Invalid,
    /// It is genuine, but does not grant what was asked for.
    Insufficient,
    /// The texts allow both.
    Open,
}

/// A slug that names no deviation of the table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {what} is called `{slug}`")]
pub struct UnknownSlug {
    /// The table that was searched.
    pub what: &'static str,
    /// The slug.
    pub slug: String,
}

macro_rules! deviations {
    (
        $(#[$outer:meta])*
        $name:ident, $what:literal {
            $( $(#[doc = $about:literal])+ $variant:ident = $slug:literal, $standing:ident, $source:literal; )+
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum $name {
            $( $(#[doc = $about])+ $variant, )+
        }

        impl $name {
            /// The whole table, in its order.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),+];

            /// Its name in packs, stable for ever.
            pub fn slug(self) -> &'static str {
                match self { $( Self::$variant => $slug, )+ }
            }

            /// What it is, as a plain fact.
            pub fn about(self) -> &'static str {
                match self { $( Self::$variant => concat!($($about),+).trim_ascii(), )+ }
            }

            /// What the specifications make of it.
            pub fn standing(self) -> $crate::mint::Standing {
                match self { $( Self::$variant => $crate::mint::Standing::$standing, )+ }
            }

            /// Where that is written.
            pub fn source(self) -> &'static str {
                match self { $( Self::$variant => $source, )+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::mint::UnknownSlug;

            fn from_str(slug: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|d| d.slug() == slug).ok_or_else(|| {
                    $crate::mint::UnknownSlug { what: $what, slug: slug.to_owned() }
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::mint::UnknownSlug;

            fn try_from(slug: String) -> Result<Self, Self::Error> {
                slug.parse()
            }
        }

        impl From<$name> for String {
            fn from(deviation: $name) -> Self {
                deviation.slug().to_owned()
            }
        }
    };
}

pub(super) use deviations;
