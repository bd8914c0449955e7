//! What is compiled once: the modules of a connector that one function needs.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Position;
use crate::stack;

/// Modules to compile. The names in [`ModuleSource::imports`] are names of these modules or of built-in ones.
#[derive(Clone, Debug, Default)]
pub struct ProgramSource {
    /// The name of the module whose function is called.
    pub entry: String,
    /// The entry and everything it imports, in any order.
    pub modules: Vec<ModuleSource>,
}

/// One module.
#[derive(Clone, Debug)]
pub struct ModuleSource {
    /// Its path in the connector, as it shall appear in stack traces.
    pub name: String,
    /// Its text, in the form that [`ModuleFormat`] says.
    pub code: String,
    /// The form of its text.
    pub format: ModuleFormat,
    /// What it imports: the specifier as written, and the name of the module that is meant.
    pub imports: Vec<(String, String)>,
}

/// The form of a module's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleFormat {
    /// The body of a strict `async function`, as a module runner's transform makes it from an ECMAScript module, with
    /// the parameters `__vite_ssr_exports__, __vite_ssr_import__, __vite_ssr_dynamic_import__,
    /// __vite_ssr_exportAll__, __vite_ssr_import_meta__, module, exports, require`.
    Esm,
    /// The body of a sloppy `function (exports, require, module, __filename, __dirname)`.
    CommonJs,
    /// JSON text.
    Json,
}

/// Compiled modules: bytecode for [`Sandbox::call`](crate::Sandbox::call). Cheap to clone.
#[derive(Clone)]
pub struct Program {
    pub(crate) inner: Arc<Compiled>,
}

pub(crate) struct Compiled {
    /// JSON for the prelude: entry, and per module its name, format, imports and place in `bytes`.
    pub(crate) manifest: Box<str>,
    /// The bytecode (for JSON modules, the text) of all modules, one after the other.
    pub(crate) bytes: Bytes,
    pub(crate) modules: Vec<ModuleInfo>,
}

/// What the host needs to know of a module to read a stack trace.
pub(crate) struct ModuleInfo {
    pub(crate) name: String,
    /// Columns of the first line that our wrapper takes.
    pub(crate) first_line_offset: u32,
}

impl Program {
    /// `text`, which the script wrote, with the places in its stack traces as `shown` words them, and without frames
    /// that are not the script's.
    pub fn with_places<'a>(
        &self,
        text: &'a str,
        shown: &dyn Fn(&Position) -> String,
    ) -> Cow<'a, str> {
        stack::rewritten(text, &self.inner.modules, shown)
    }

    /// Bytes of compiled code, for accounting.
    pub fn size(&self) -> usize {
        self.inner.bytes.len() + self.inner.manifest.len()
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}
