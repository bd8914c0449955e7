//! CPU time and memory of a process and its children, from `/proc` (see proc(5)).

use std::fs;
use std::time::Duration;

use crate::command::{self, command};
use crate::error::TaskError;

/// Memory of a process tree, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Resident now (`VmRSS`).
    pub(crate) resident: u64,
    /// Resident at its highest (`VmHWM`).
    pub(crate) peak: u64,
}

/// User and system time of `pid` and its children, with the resolution of the clock tick.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration, TaskError> {
    let ticks_per_second = command::output(&mut command("getconf", &["CLK_TCK"]))?;
    let ticks_per_second = String::from_utf8_lossy(&ticks_per_second)
        .trim()
        .parse()
        .unwrap_or(100.0);
    let mut ticks = 0;
    for pid in tree(pid)? {
        ticks += Stat::read(pid)?.ticks;
    }
    #[expect(clippy::cast_precision_loss, reason = "2^52 ticks are a million years")]
    let seconds = ticks as f64 / ticks_per_second;
    Ok(Duration::from_secs_f64(seconds))
}

/// Memory of `pid` and its children, pages shared between them counted for each.
pub(crate) fn memory(pid: u32) -> Result<Memory, TaskError> {
    let mut sum = Memory::default();
    for pid in tree(pid)? {
        let path = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&path).map_err(TaskError::file(path))?;
        sum.resident += kibibytes(&status, "VmRSS:") * 1024;
        sum.peak += kibibytes(&status, "VmHWM:") * 1024;
    }
    Ok(sum)
}

/// The process and its children.
fn tree(root: u32) -> Result<Vec<u32>, TaskError> {
    let mut pids = vec![root];
    for entry in fs::read_dir("/proc")
        .map_err(TaskError::file("/proc"))?
        .flatten()
    {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // Other processes may end while we look.
        if Stat::read(pid).is_ok_and(|stat| stat.parent == root) {
            pids.push(pid);
        }
    }
    Ok(pids)
}

#[derive(Debug, Eq, PartialEq)]
struct Stat {
    parent: u32,
    ticks: u64,
}

impl Stat {
    fn read(pid: u32) -> Result<Self, TaskError> {
        let path = format!("/proc/{pid}/stat");
        let text = fs::read_to_string(&path).map_err(TaskError::file(&path))?;
        Self::parse(&text)
            .ok_or_else(|| TaskError::Measurement(format!("`{path}` has an unknown format")))
    }

    /// The command name is in parentheses and may itself contain any character.
    fn parse(text: &str) -> Option<Self> {
        let (_, fields) = text.rsplit_once(") ")?;
        // Field 3 of proc(5), the state, is the first one here.
        let field = |number: usize| fields.split(' ').nth(number.checked_sub(3)?);
        let number = |field: Option<&str>| field?.parse::<u64>().ok();
        Some(Self {
            parent: field(4)?.parse().ok()?,
            ticks: number(field(14))? + number(field(15))?,
        })
    }
}

fn kibibytes(status: &str, label: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(label));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_name_with_parentheses_does_not_confuse() {
        let text = "42 (a) b (c) S 7 42 42 0 -1 4194560 100 0 0 0 11 22 0 0 20 0 1 0 5 6 7";
        assert_eq!(
            Stat::parse(text),
            Some(Stat {
                parent: 7,
                ticks: 33
            })
        );
        assert_eq!(Stat::parse("42 nothing"), None);
    }

    #[test]
    fn memory_is_read_by_label() {
        let status = "Name:\tx\nVmHWM:\t    9876 kB\nVmRSS:\t    1234 kB\n";
        assert_eq!(kibibytes(status, "VmRSS:"), 1234);
        assert_eq!(kibibytes(status, "VmSwap:"), 0);
    }
}
