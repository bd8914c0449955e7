//! What Authbridge keeps: the store, its databases, and the sealing of secrets.
