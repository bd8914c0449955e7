//! What a function consists of, ready for the sandbox.

use crate::positions::{Position, PositionMap};

/// Everything one function needs: its entry and all it imports. Plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The name of the module that holds the function.
    pub entry: String,
    /// The entry first, then what is imported, each once, in the order of discovery.
    pub modules: Vec<Module>,
}

/// One file, ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its path in the connector, with forward slashes and without `.` or `..`.
    pub name: String,
    /// What the sandbox wraps in a function and runs, or JSON text; see [`ModuleFormat`].
    pub code: String,
    /// How to read `code`.
    pub format: ModuleFormat,
    /// What it imports: the specifier as written, and the name of a module of the program or the
    /// canonical name of a built-in module.
    pub imports: Vec<(String, String)>,
    /// The names it exports as far as they are known without running it; `default` is one.
    pub exports: Vec<String>,
    /// Where the code comes from; see [`Program::locate`].
    pub positions: PositionMap,
    /// What is known about the exports without running the module.
    pub(crate) shape: Shape,
}

/// How the code of a [`Module`] is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleFormat {
    /// The body of an asynchronous function in strict mode with the parameters
    /// `__vite_ssr_exports__`, `__vite_ssr_import__`, `__vite_ssr_dynamic_import__`,
    /// `__vite_ssr_exportAll__`, `__vite_ssr_import_meta__`, `module`, `exports`, `require`.
    Esm,
    /// The body of a sloppy function with the parameters `exports`, `require`, `module`,
    /// `__filename`, `__dirname`.
    CommonJs,
    /// A JSON text: the module's `default` export, its members as named exports.
    Json,
}

/// Whether something can be called, as far as that is known without running it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callable {
    /// It is a function.
    Yes,
    /// It certainly is not.
    No,
    /// Only running it would tell.
    Unknown,
}

/// What is known about a module's exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Names and what is known of their values.
    pub(crate) members: Vec<(String, Callable)>,
    /// The members of a default export that is an object literal.
    pub(crate) default_members: Vec<(String, Callable)>,
    /// There may be exports that are not in the lists.
    pub(crate) open: bool,
}

impl Shape {
    /// Whether the sandbox would find `function`, by its rules: the default export, the export of
    /// that name, the member of that name in the default export, or the only exported function.
    pub(crate) fn finds(&self, function: &str) -> Callable {
        let by_name = |members: &[(String, Callable)], name: &str| {
            members
                .iter()
                .find(|(member, _)| member == name)
                .map(|(_, callable)| *callable)
        };
        let candidates = [
            by_name(&self.members, "default"),
            by_name(&self.members, function),
            by_name(&self.default_members, function),
        ];
        if candidates.contains(&Some(Callable::Yes)) {
            return Callable::Yes;
        }
        let callable = |wanted| {
            self.members
                .iter()
                .filter(|(_, found)| *found == wanted)
                .count()
        };
        let (certain, possible) = (callable(Callable::Yes), callable(Callable::Unknown));
        if self.open || possible > 0 || candidates.contains(&Some(Callable::Unknown)) {
            return Callable::Unknown;
        }
        if certain == 1 {
            Callable::Yes
        } else {
            Callable::No
        }
    }

    /// Whether nothing that is exported can be called, under whatever name.
    pub(crate) fn certainly_has_no_function(&self) -> bool {
        let not_callable = |(_, callable): &(String, Callable)| *callable == Callable::No;
        !self.open
            && self.members.iter().all(not_callable)
            && self.default_members.iter().all(not_callable)
    }
}

impl Program {
    /// Where a position of the running code is in the author's file. `line` and `column` are
    /// 1-based and count in [`Module::code`]; `None` for an unknown module and for code that no
    /// author wrote.
    pub fn locate(&self, module: &str, line: u32, column: u32) -> Option<Position> {
        let module = self.module(module)?;
        let (line, column) = module.positions.locate(line, column)?;
        Some(Position {
            file: module.name.clone(),
            line,
            column,
        })
    }

    /// The module of that name.
    pub fn module(&self, name: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.name == name)
    }

    /// Whether the sandbox will find a function called `function` (`makeApiClient`, `test` …) in
    /// the entry, as far as that is known without running it. [`Callable::No`] is certain.
    pub fn statically_exports_function(&self, function: &str) -> Callable {
        self.module(&self.entry)
            .map_or(Callable::No, |entry| entry.shape.finds(function))
    }
}
