//! Files and directories that belong to one user only.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// The permission bits that open a file to every user of the machine.
pub(crate) const OTHERS: u32 = 0o007;

/// Makes `path` and what is missing above it, for this user only; what exists stays as it is.
pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a file for this user only; an error when there is one.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().write(true).create_new(true)).open(path)
}

/// Opens a file to read and write, and makes it for this user only when there is none.
pub(crate) fn open_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    private(options.read(true).write(true).create(true).truncate(false)).open(path)
}

/// Makes sure that the names in a directory outlive a loss of power; what a file holds is for
/// [`File::sync_all`].
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    // Elsewhere a directory cannot be opened, and its names are written through.
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The permission bits; none where the system has no such thing.
pub(crate) fn mode(metadata: &Metadata) -> u32 {
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    #[cfg(not(unix))]
    let mode = {
        let _ = metadata;
        0
    };
    mode
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
