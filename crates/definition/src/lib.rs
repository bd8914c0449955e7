//! Connector and workspace files to the connector model, with diagnostics.
