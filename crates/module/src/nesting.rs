//! stub
pub(crate) const STACK_BYTES: usize = 256 * 1024 * 1024;
pub(crate) fn check(_: &str) -> Result<(), usize> {
    Ok(())
}
