//! The authbridge executable.
fn main() {}
