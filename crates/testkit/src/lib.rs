//! A simulated provider for tests and the demo.
