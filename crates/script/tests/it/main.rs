//! The sandbox as its users see it.

mod basics;
mod concurrency;
mod errors;
mod hostile;
mod isolation;
mod linking;
mod support;
