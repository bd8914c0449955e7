//! The sandbox, and the programs compiled for it.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use authbridge_core::Effects;
use authbridge_module::Program as Linked;
use authbridge_script::{
    Call, Host, Limits, ModuleFormat, ModuleSource, Outcome, Program, ProgramSource, Sandbox,
    SandboxSettings, ScriptError, Usage,
};
use moka::future::Cache;
use serde_json::Value;

/// How functions in JavaScript are run.
#[derive(Clone, Debug)]
pub struct ScriptOptions {
    /// Threads that run them; one per core unless set.
    pub threads: usize,
    /// How many calls may be under way at once; more wait.
    pub max_live_calls: usize,
    /// How many of them may be of one workspace.
    pub max_live_calls_per_workspace: usize,
    /// What one call may use.
    pub limits: Limits,
}

impl Default for ScriptOptions {
    fn default() -> Self {
        let defaults = SandboxSettings::new(Arc::new(|| 0), Arc::new(|_| ()));
        Self {
            threads: defaults.threads,
            max_live_calls: defaults.max_live_calls,
            max_live_calls_per_workspace: defaults.max_live_calls_per_tenant,
            limits: defaults.limits,
        }
    }
}

/// Runs functions in JavaScript for all workspaces.
pub(crate) struct Scripts {
    options: ScriptOptions,
    effects: Effects,
    /// Made when first needed: an engine without code starts faster.
    sandbox: OnceLock<Result<Sandbox, String>>,
    /// By the address of what was linked, which each entry keeps alive.
    programs: Cache<usize, (Arc<Linked>, Program)>,
}

impl Scripts {
    pub(crate) fn new(options: ScriptOptions, effects: Effects) -> Self {
        Self {
            options,
            effects,
            sandbox: OnceLock::new(),
            programs: Cache::new(10_000),
        }
    }

    /// What one call may use.
    pub(crate) const fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// Runs a function of `linked`.
    pub(crate) async fn call(&self, linked: &Arc<Linked>, call: Call, host: &dyn Host) -> Outcome {
        let prepared = match self.sandbox() {
            Ok(sandbox) => self
                .program(sandbox, linked)
                .await
                .map(|program| (sandbox, program)),
            Err(reason) => Err(ScriptError::Crashed { reason }),
        };
        match prepared {
            Ok((sandbox, program)) => {
                let outcome = sandbox.call(&program, call, host).await;
                in_authors_places(outcome, &program, linked)
            }
            Err(error) => Outcome {
                result: Err(error),
                logs: Vec::new(),
                usage: Usage::default(),
            },
        }
    }

    fn sandbox(&self) -> Result<&Sandbox, String> {
        self.sandbox
            .get_or_init(|| Sandbox::new(self.settings()).map_err(|error| error.to_string()))
            .as_ref()
            .map_err(Clone::clone)
    }

    fn settings(&self) -> SandboxSettings {
        let (clock, random) = (self.effects.clone(), self.effects.clone());
        SandboxSettings {
            threads: self.options.threads,
            max_live_calls: self.options.max_live_calls,
            max_live_calls_per_tenant: self.options.max_live_calls_per_workspace,
            limits: self.options.limits.clone(),
            ..SandboxSettings::new(
                Arc::new(move || clock.now().as_millisecond()),
                Arc::new(move |buffer| random.fill_random(buffer)),
            )
        }
    }

    /// Compiled once for each version of a connector; several who need it wait for one.
    async fn program(
        &self,
        sandbox: &Sandbox,
        linked: &Arc<Linked>,
    ) -> Result<Program, ScriptError> {
        let key = Arc::as_ptr(linked) as usize;
        let compiling = async {
            let program = sandbox.compile(&source(linked)).await?;
            Ok::<_, ScriptError>((Arc::clone(linked), program))
        };
        match self.programs.try_get_with(key, compiling).await {
            Ok((_, program)) => Ok(program),
            Err(error) => Err((*error).clone()),
        }
    }
}

/// `outcome` with the places of its stack traces in the author's files.
fn in_authors_places(mut outcome: Outcome, program: &Program, linked: &Linked) -> Outcome {
    let shown =
        |at: &authbridge_script::Position| match linked.locate(&at.module, at.line, at.column) {
            Some(place) => format!("{}:{}:{}", place.file, place.line, place.column),
            None => format!("{}:{}:{}", at.module, at.line, at.column),
        };
    let rewrite = |text: &mut String| {
        if let Cow::Owned(rewritten) = program.with_places(text, &shown) {
            *text = rewritten;
        }
    };
    for line in &mut outcome.logs {
        rewrite(&mut line.message);
    }
    match &mut outcome.result {
        Ok(Some(value)) => rewrite_texts(value, &rewrite),
        Err(ScriptError::Thrown(thrown)) => {
            rewrite(&mut thrown.message);
            if let Some(data) = &mut thrown.data {
                rewrite_texts(data, &rewrite);
            }
        }
        Ok(None) | Err(_) => {}
    }
    outcome
}

fn rewrite_texts(value: &mut Value, rewrite: &impl Fn(&mut String)) {
    match value {
        Value::String(text) => rewrite(text),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| rewrite_texts(item, rewrite)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| rewrite_texts(member, rewrite)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn source(linked: &Linked) -> ProgramSource {
    ProgramSource {
        entry: linked.entry.clone(),
        modules: linked.modules.iter().map(module).collect(),
    }
}

fn module(module: &authbridge_module::Module) -> ModuleSource {
    ModuleSource {
        name: module.name.clone(),
        code: module.code.clone(),
        format: match module.format {
            authbridge_module::ModuleFormat::Esm => ModuleFormat::Esm,
            authbridge_module::ModuleFormat::CommonJs => ModuleFormat::CommonJs,
            authbridge_module::ModuleFormat::Json => ModuleFormat::Json,
        },
        imports: module.imports.clone(),
    }
}
