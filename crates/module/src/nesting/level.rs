//! What stands between two brackets.

/// What kind of brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LevelKind {
    /// `{…}` with statements or members in it, or with what cannot be told; also the whole file.
    Block,
    /// `{…}` that is certainly no block: an object, a pattern, an object type.
    Object,
    /// `(…)`.
    Paren,
    /// `[…]`.
    Bracket,
    /// `${…}`.
    Template,
}

impl LevelKind {
    pub(super) fn has_statements(self) -> bool {
        match self {
            Self::Block => true,
            Self::Object | Self::Paren | Self::Bracket | Self::Template => false,
        }
    }

    pub(super) fn is_closed_by(self, bracket: char) -> bool {
        match self {
            Self::Block | Self::Object | Self::Template => bracket == '}',
            Self::Paren => bracket == ')',
            Self::Bracket => bracket == ']',
        }
    }
}

pub(super) struct Level {
    pub(super) kind: LevelKind,
    /// Tokens since the start of the statement, or of the element of a list.
    pub(super) tokens: usize,
    /// `<` without `>` since the start of the statement.
    pub(super) angles: usize,
    /// The statement starts with `const`, `let` or `var`.
    pub(super) declares: bool,
}

impl Level {
    pub(super) fn new(kind: LevelKind) -> Self {
        Self {
            kind,
            tokens: 0,
            angles: 0,
            declares: false,
        }
    }

    pub(super) fn restart(&mut self) {
        *self = Self::new(self.kind);
    }
}
