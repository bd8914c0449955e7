//! What the store holds, as plain values: one file per noun.

pub(crate) mod action_instance;
pub(crate) mod audit;
pub(crate) mod connection;
pub(crate) mod connection_request;
pub(crate) mod connector;
pub(crate) mod customer;
pub(crate) mod element;
pub(crate) mod integration;
pub(crate) mod push;
pub(crate) mod refresh;
pub(crate) mod session;
pub(crate) mod workspace;

use std::fmt;

/// Text that is none of the names a column may hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of the values this column has")]
pub struct UnknownName(pub(crate) String);

/// Writes an enum whose variants have fixed names, which are what the database holds.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Its name, as stored.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::model::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(crate::model::UnknownName(text.to_owned())),
                }
            }
        }
    };
}
pub(crate) use named;

named! {
    /// Who put an element of the workspace there.
    Origin {
        /// A call of the API.
        Api = "api",
        /// A push of a workspace directory.
        Directory = "directory",
    }
}

/// Puts `new` in the place of `current` where a patch has something to say.
pub(crate) fn set<T>(current: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *current = new;
    }
}
