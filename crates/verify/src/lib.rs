//! Verification of X-Integration-App-Token for services that receive it.
