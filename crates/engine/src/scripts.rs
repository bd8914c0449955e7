//! The sandbox, and the programs compiled for it.

use std::sync::{Arc, OnceLock};

use authbridge_core::Effects;
use authbridge_module::Program as Linked;
use authbridge_script::{
    Call, Host, Limits, ModuleFormat, ModuleSource, Outcome, Program, ProgramSource, Sandbox,
    SandboxSettings, ScriptError, Usage,
};
use moka::future::Cache;

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
            Ok((sandbox, program)) => sandbox.call(&program, call, host).await,
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
