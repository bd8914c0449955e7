//! The flags about functions in JavaScript.

use std::time::Duration;

use authbridge_engine::ScriptOptions;
use clap::Args as ClapArgs;

/// What functions in JavaScript may use. What is not given stays as the engine has it.
#[derive(ClapArgs, Clone, Debug, Default)]
#[command(next_help_heading = "Functions in JavaScript")]
#[expect(
    clippy::struct_field_names,
    reason = "the fields are flags, named as people type them"
)]
pub(crate) struct Sandbox {
    /// Threads that run functions [default: one per core]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_THREADS", value_name = "NUMBER", value_parser = at_least_one)]
    pub(crate) script_threads: Option<usize>,
    /// Calls under way at once, waiting for answers included; more wait [default: 200]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_CALLS", value_name = "NUMBER", value_parser = at_least_one)]
    pub(crate) script_calls: Option<usize>,
    /// How many of them may be of one workspace [default: 64]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_CALLS_PER_WORKSPACE", value_name = "NUMBER", value_parser = at_least_one)]
    pub(crate) script_calls_per_workspace: Option<usize>,
    /// Milliseconds of processor time of one call [default: 1000]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_CPU", value_name = "MILLISECONDS", value_parser = at_least_one)]
    pub(crate) script_cpu: Option<usize>,
    /// Milliseconds of one call altogether [default: 30000]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_WALL", value_name = "MILLISECONDS", value_parser = at_least_one)]
    pub(crate) script_wall: Option<usize>,
    /// MiB of memory of one call, of which the environment takes about 2 [default: 64]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_HEAP", value_name = "MIB", value_parser = at_least_one)]
    pub(crate) script_heap: Option<usize>,
    /// KiB of stack of one call, 768 at most [default: 200]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_STACK", value_name = "KIB", value_parser = at_least_one)]
    pub(crate) script_stack: Option<usize>,
    /// KiB of a result, as JSON [default: 10240]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_OUTPUT", value_name = "KIB", value_parser = at_least_one)]
    pub(crate) script_output: Option<usize>,
    /// Requests of one call [default: 100]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_REQUESTS", value_name = "NUMBER")]
    pub(crate) script_requests: Option<usize>,
    /// KiB of the body of one request [default: 10240]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_REQUEST_SIZE", value_name = "KIB")]
    pub(crate) script_request_size: Option<usize>,
    /// KiB of the body of one answer [default: 30720]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_RESPONSE_SIZE", value_name = "KIB")]
    pub(crate) script_response_size: Option<usize>,
    /// Timers of one call that run at one time [default: 1000]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_TIMERS", value_name = "NUMBER")]
    pub(crate) script_timers: Option<usize>,
    /// Lines of the console of one call that are kept [default: 1000]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_LOG_LINES", value_name = "NUMBER")]
    pub(crate) script_log_lines: Option<usize>,
    /// KiB of the console of one call that are kept [default: 200]
    #[arg(long, env = "AUTHBRIDGE_SCRIPT_LOG_SIZE", value_name = "KIB")]
    pub(crate) script_log_size: Option<usize>,
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

impl Sandbox {
    /// The engine's options with what was given.
    pub(crate) fn options(&self) -> ScriptOptions {
        let mut options = ScriptOptions::default();
        set(&mut options.threads, self.script_threads, 1);
        set(&mut options.max_live_calls, self.script_calls, 1);
        let per_workspace = self.script_calls_per_workspace;
        set(&mut options.max_live_calls_per_workspace, per_workspace, 1);
        let limits = &mut options.limits;
        set_duration(&mut limits.cpu, self.script_cpu);
        set_duration(&mut limits.wall, self.script_wall);
        set(&mut limits.heap_bytes, self.script_heap, MIB);
        set(&mut limits.stack_bytes, self.script_stack, KIB);
        set(&mut limits.output_bytes, self.script_output, KIB);
        set(&mut limits.requests, self.script_requests, 1);
        set(&mut limits.request_bytes, self.script_request_size, KIB);
        set(&mut limits.response_bytes, self.script_response_size, KIB);
        set(&mut limits.timers, self.script_timers, 1);
        set(&mut limits.log_lines, self.script_log_lines, 1);
        set(&mut limits.log_bytes, self.script_log_size, KIB);
        options
    }
}

fn set(option: &mut usize, given: Option<usize>, unit: usize) {
    if let Some(given) = given {
        *option = given.saturating_mul(unit);
    }
}

fn set_duration(option: &mut Duration, given: Option<usize>) {
    if let Some(given) = given.and_then(|given| u64::try_from(given).ok()) {
        *option = Duration::from_millis(given);
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("give a number from 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_stays_as_it_is() {
        let defaults = ScriptOptions::default();
        let given = Sandbox {
            script_heap: Some(32),
            script_cpu: Some(250),
            ..Sandbox::default()
        };
        let options = given.options();
        assert_eq!(options.limits.heap_bytes, 32 * MIB);
        assert_eq!(options.limits.cpu, Duration::from_millis(250));
        assert_eq!(options.limits.wall, defaults.limits.wall);
        assert_eq!(options.max_live_calls, defaults.max_live_calls);
    }

    /// The help states the defaults.
    #[test]
    fn the_documented_defaults_are_the_engine_s() {
        let options = ScriptOptions::default();
        assert_eq!(options.max_live_calls, 200);
        assert_eq!(options.max_live_calls_per_workspace, 64);
        let limits = options.limits;
        assert_eq!(limits.cpu, Duration::from_secs(1));
        assert_eq!(limits.wall, Duration::from_secs(30));
        assert_eq!(limits.heap_bytes, 64 * MIB);
        assert_eq!(limits.stack_bytes, 256 * KIB);
        assert_eq!(limits.output_bytes, 10_240 * KIB);
        assert_eq!((limits.requests, limits.timers), (100, 1000));
        assert_eq!(limits.request_bytes, 10_240 * KIB);
        assert_eq!(limits.response_bytes, 30_720 * KIB);
        assert_eq!((limits.log_lines, limits.log_bytes), (1000, 256 * KIB));
    }

    #[test]
    fn nothing_runs_on_no_thread() {
        assert!(at_least_one("0").is_err() && at_least_one("-1").is_err());
        assert_eq!(at_least_one("7"), Ok(7));
    }
}
