//! Formulas (`$var`, `$concat`, …), locators and data schemas, as the wire contract defines them.
