//! Words that are more than names.

/// What a word can mean to the scan. Words after a dot are names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// `else`: the statement before goes on.
    Else,
    /// `const`, `let`, `var`.
    Declaration,
    /// `if`, `for`, `while`, `with`: a statement follows the parenthesis.
    Control,
    /// `return`, `throw`: an expression follows, on the same line.
    Return,
    /// `default`.
    Default,
    /// An expression follows; a `/` starts a regular expression.
    Prefix,
    /// Goes on with an expression or type.
    Infix,
    /// `await`, also as in `for await (…)`.
    Await,
    /// A name in some places and something else in others.
    Contextual,
    /// Starts a statement or a member, or follows one that may go on.
    Statement,
}

impl Word {
    /// The meaning of `word`; `None` when it is a name or a value.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "else" => Self::Else,
            "const" | "let" | "var" => Self::Declaration,
            "if" | "for" | "while" | "with" => Self::Control,
            "return" | "throw" => Self::Return,
            "default" => Self::Default,
            "case" | "delete" | "do" | "new" | "typeof" | "void" => Self::Prefix,
            "as" | "extends" | "implements" | "in" | "instanceof" | "is" | "of" | "satisfies" => {
                Self::Infix
            }
            "await" => Self::Await,
            "abstract" | "accessor" | "assert" | "asserts" | "async" | "declare" | "from"
            | "get" | "global" | "infer" | "interface" | "keyof" | "module" | "namespace"
            | "out" | "override" | "private" | "protected" | "public" | "readonly" | "set"
            | "static" | "type" | "unique" | "using" | "yield" => Self::Contextual,
            "break" | "catch" | "class" | "continue" | "debugger" | "enum" | "export"
            | "finally" | "function" | "import" | "switch" | "try" => Self::Statement,
            _ => return None,
        })
    }

    /// Whether the word may go on with what stands on the line before.
    pub(super) fn continues(self) -> bool {
        match self {
            Self::Else | Self::Infix | Self::Await | Self::Contextual => true,
            Self::Declaration
            | Self::Control
            | Self::Return
            | Self::Default
            | Self::Prefix
            | Self::Statement => false,
        }
    }

    /// Whether a `/` after the word starts a regular expression; `None` when that depends.
    pub(super) fn precedes_regex(self) -> Option<bool> {
        match self {
            Self::Else | Self::Prefix | Self::Return | Self::Default => Some(true),
            Self::Infix
            | Self::Await
            | Self::Contextual
            | Self::Declaration
            | Self::Control
            | Self::Statement => None,
        }
    }
}
