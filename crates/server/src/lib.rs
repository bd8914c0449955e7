//! Authbridge over HTTP: API and proxy.
