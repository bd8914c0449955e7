//! The guides.
