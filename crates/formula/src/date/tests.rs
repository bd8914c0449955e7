use super::*;

/// Pairs of text and milliseconds, `null` for no date; made with V8 (Node 20, `TZ=UTC`).
const DATES: &str = include_str!("../../tests/dates.json");

#[test]
fn dates_are_read_as_v8_reads_them() {
    let dates: Vec<(String, Option<f64>)> = serde_json::from_str(DATES).unwrap();
    assert!(dates.len() > 250);
    let wrong: Vec<_> = dates
        .iter()
        .filter(|(text, expected)| parse(text) != *expected)
        .map(|(text, expected)| (text, expected, parse(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn iso_strings_reach_as_far_as_dates_do() {
    assert_eq!(to_iso_string(0.0).unwrap(), "1970-01-01T00:00:00.000Z");
    assert_eq!(to_iso_string(-1.0).unwrap(), "1969-12-31T23:59:59.999Z");
    assert_eq!(
        to_iso_string(8.64e15).unwrap(),
        "+275760-09-13T00:00:00.000Z"
    );
    assert_eq!(
        to_iso_string(-8.64e15).unwrap(),
        "-271821-04-20T00:00:00.000Z"
    );
    assert_eq!(to_iso_string(8.64e15 + 1.0), None);
    assert_eq!(to_iso_string(f64::NAN), None);
}
