//! What a function is for.

use authbridge_core::connector::{FunctionName, ImplementationType};

/// A step of auth, or the work of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// A step of auth.
    Auth(FunctionName),
    /// What the operation with this key does.
    Run(&'a str),
}

impl<'a> Step<'a> {
    /// Its key in a definition, and the name of the function that its code exports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auth(name) => name.as_str(),
            Self::Run(_) => "run",
        }
    }

    /// The names of its file, without suffix; the first is the preferred one.
    pub(crate) const fn file_stems(self) -> &'static [&'static str] {
        match self {
            Self::Auth(name) => name.file_stems(),
            Self::Run(_) => &["run"],
        }
    }

    /// The kinds of implementation that it may have, besides `not-supported`.
    pub(crate) const fn implementations(self) -> &'static [ImplementationType] {
        use ImplementationType::{
            GraphqlApiMapping, Javascript, Mapping, OperationMapping, RestApiMapping,
        };
        match self {
            Self::Auth(name) => name.implementations(),
            Self::Run(_) => &[
                RestApiMapping,
                GraphqlApiMapping,
                OperationMapping,
                Javascript,
                Mapping,
            ],
        }
    }

    /// The operation that it belongs to.
    pub(crate) const fn operation(self) -> Option<&'a str> {
        match self {
            Self::Auth(_) => None,
            Self::Run(key) => Some(key),
        }
    }
}
