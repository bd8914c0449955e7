//! When credentials are refreshed.

use super::{Field, Kind, Shape, field};

/// `refresh` of an auth option.
pub(crate) const REFRESH: Shape = Shape {
    name: "the timing of refreshes",
    doc: "When credentials are refreshed, where the usual is wrong for a provider: before a fifth \
        of their life is left, at least one minute and at most five before they expire. Durations \
        are seconds, or texts such as `10m`, `1h 30m` and `14d`.",
    groups: &[FIELDS],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[],
};

/// `refresh` in what `getOAuthConfig` returns.
pub(super) const REFRESH_OF_CONFIG: Shape = Shape {
    formulas: true,
    ..REFRESH
};

const FIELDS: &[Field] = &[
    field(
        "margin",
        Kind::Duration,
        "How long before they expire credentials are refreshed, at most half of their life.",
    ),
    field(
        "earliestBeforeExpiry",
        Kind::Duration,
        "Never refresh when more than this is left: the provider refuses, or answers with the \
         same token.",
    ),
    field(
        "defaultLifetime",
        Kind::Duration,
        "How long credentials live that do not say when they expire.",
    ),
    field(
        "keepAlive",
        Kind::Duration,
        "Refresh at least this often: refresh tokens that nobody uses die.",
    ),
];

#[cfg(test)]
mod tests {
    use authbridge_core::auth::timing::RefreshTiming;

    use super::*;

    #[test]
    fn the_table_has_the_keys_that_are_read() {
        let names: Vec<_> = REFRESH.fields().map(|field| field.name).collect();
        assert_eq!(names, RefreshTiming::KEYS);
    }
}
