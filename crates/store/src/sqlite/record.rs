//! Rows into values, with errors that say which row is wrong.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::FromSql;
use serde_json::Value;

use crate::StoreError;

/// A row of a table.
pub(super) struct Record<'r> {
    table: &'static str,
    row: &'r Row<'r>,
}

impl<'r> Record<'r> {
    pub(super) fn new(table: &'static str, row: &'r Row<'r>) -> Self {
        Self { table, row }
    }

    /// A column of a type that SQLite knows.
    pub(super) fn get<T: FromSql>(&self, column: &str) -> Result<T, StoreError> {
        self.row
            .get(column)
            .map_err(|error| self.inconsistent(column, &error))
    }

    /// A column that holds something as text: an id, a name.
    pub(super) fn parse<T: FromStr<Err: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<T, StoreError> {
        let text: String = self.get(column)?;
        text.parse()
            .map_err(|error: T::Err| self.inconsistent(column, &error))
    }

    /// A column that holds something as text, or nothing.
    pub(super) fn parse_optional<T: FromStr<Err: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<Option<T>, StoreError> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| text.parse())
            .transpose()
            .map_err(|error: T::Err| self.inconsistent(column, &error))
    }

    /// A column that counts something.
    pub(super) fn count(&self, column: &str) -> Result<u64, StoreError> {
        let number: i64 = self.get(column)?;
        u64::try_from(number).map_err(|error| self.inconsistent(column, &error))
    }

    /// A column that holds JSON.
    pub(super) fn json(&self, column: &str) -> Result<Value, StoreError> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text).map_err(|_| self.inconsistent(column, &"not JSON"))
    }

    /// A column that holds JSON or nothing.
    pub(super) fn json_optional(&self, column: &str) -> Result<Option<Value>, StoreError> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|_| self.inconsistent(column, &"not JSON"))
    }

    /// A column that holds a time.
    pub(super) fn time(&self, column: &str) -> Result<Timestamp, StoreError> {
        let microseconds = self.get(column)?;
        Timestamp::from_microsecond(microseconds).map_err(|error| self.inconsistent(column, &error))
    }

    /// A column that holds a time or nothing.
    pub(super) fn time_optional(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        let microseconds: Option<i64> = self.get(column)?;
        microseconds
            .map(Timestamp::from_microsecond)
            .transpose()
            .map_err(|error| self.inconsistent(column, &error))
    }

    /// That `column` of this row is wrong.
    pub(super) fn inconsistent(&self, column: &str, error: &dyn std::fmt::Display) -> StoreError {
        let name = |column| self.row.get::<_, String>(column).ok();
        let row = name("id").or_else(|| name("kid"));
        StoreError::Inconsistent {
            table: self.table,
            row: row.unwrap_or_default(),
            reason: format!("`{column}`: {error}"),
        }
    }
}

/// A count as SQLite holds it, which is one bit less; none of ours gets near that.
pub(super) fn count_column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
