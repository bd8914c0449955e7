//! The use cases of Authbridge: connect, test, make a client, send.
