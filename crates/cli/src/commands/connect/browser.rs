//! The user's browser.

use std::env::var_os;
use std::io::{self, Write as _};

use url::Url;

use crate::output::Output;

/// Whether a browser that is started here is seen by the one who types.
pub(super) fn is_here() -> bool {
    let has = |name: &str| var_os(name).is_some_and(|value| !value.is_empty());
    if has("BROWSER") {
        return true;
    }
    if has("SSH_CONNECTION") || has("SSH_TTY") {
        return false;
    }
    let needs_display = cfg!(all(unix, not(target_os = "macos")));
    !needs_display || has("DISPLAY") || has("WAYLAND_DISPLAY") || has("WSL_DISTRO_NAME")
}

/// Opens `url`; tells whether there was something to open it with.
pub(super) fn open(url: &Url) -> bool {
    open::that_detached(url.as_str()).is_ok()
}

/// Shows `url` to be opened elsewhere, also with `--json`: without it nothing goes on.
pub(super) fn print(output: Output, url: &Url) -> io::Result<()> {
    output.note("open this in a browser:")?;
    writeln!(anstream::stderr(), "{url}")
}
