//! What the caller hands in: a file's text and the language it is written in.

/// The language of a file that a function may consist of or import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `.js`, `.mjs`, `.cjs`.
    JavaScript,
    /// `.ts`, `.mts`, `.cts`. Types are stripped, not checked.
    TypeScript,
    /// `.json`.
    Json,
    /// `.yml`, `.yaml`. The caller has converted the text to JSON.
    Yaml,
}

impl Language {
    /// The language of a file, from the end of its name; `None` when it is none that can be
    /// imported.
    ///
    /// ```
    /// use authbridge_module::Language;
    /// assert_eq!(Language::of_path("auth/test.ts"), Some(Language::TypeScript));
    /// assert_eq!(Language::of_path("logo.svg"), None);
    /// ```
    pub fn of_path(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (stem, extension) = name.rsplit_once('.')?;
        if stem.is_empty() {
            return None;
        }
        match extension {
            "js" | "mjs" | "cjs" => Some(Self::JavaScript),
            "ts" | "mts" | "cts" => Some(Self::TypeScript),
            "json" => Some(Self::Json),
            "yml" | "yaml" => Some(Self::Yaml),
            _ => None,
        }
    }
}

/// A file of the connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The file as it stands; for [`Language::Yaml`], the same data as JSON.
    pub text: String,
    /// How to read it.
    pub language: Language,
}
