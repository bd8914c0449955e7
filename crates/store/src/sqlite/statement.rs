//! Running statements.

use rusqlite::types::{ToSql, Value};
use rusqlite::{Connection as Database, ErrorCode, Params, params_from_iter};

use super::record::Record;
use crate::{Page, Paged, StoreError};

/// The first row of an answer.
pub(super) fn one<T>(
    database: &Database,
    table: &'static str,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Record<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    read(&Record::new(table, row)).map(Some)
}

/// All rows of an answer.
pub(super) fn many<T>(
    database: &Database,
    table: &'static str,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Record<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(read(&Record::new(table, row))?);
    }
    Ok(items)
}

/// Runs a statement, and tells how many rows it changed.
pub(super) fn execute(
    database: &Database,
    sql: &str,
    params: impl Params,
) -> Result<usize, StoreError> {
    Ok(database.prepare_cached(sql)?.execute(params)?)
}

/// Runs a statement that adds a `noun` named `name`, or gives one that name, which must be free.
pub(super) fn execute_unique(
    database: &Database,
    sql: &str,
    params: impl Params,
    noun: &str,
    name: &str,
) -> Result<(), StoreError> {
    let executed = database.prepare_cached(sql)?.execute(params);
    match executed {
        Ok(_) => Ok(()),
        Err(error) if is_taken(&error) => Err(StoreError::conflict(noun, name)),
        Err(error) => Err(error.into()),
    }
}

fn is_taken(error: &rusqlite::Error) -> bool {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
        && matches!(
            extended,
            Some(
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                    | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            )
        )
}

/// The conditions of a list, and what they compare with.
///
/// Only conditions that are asked for come into the statement, so that each finds its index.
pub(super) struct Conditions {
    table: &'static str,
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    /// The rows of `table` in a workspace.
    pub(super) fn of(workspace: &str, table: &'static str) -> Self {
        Self {
            table,
            sql: format!("{table}.workspace_id = ?"),
            values: vec![Value::Text(workspace.to_owned())],
        }
    }

    /// Adds a condition without a value.
    pub(super) fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// Adds a condition with a `?` for each of `values`.
    pub(super) fn and_with<const N: usize>(&mut self, condition: &str, values: [&str; N]) {
        self.and(condition);
        let values = values.map(|value| Value::Text(value.to_owned()));
        self.values.extend(values);
    }

    /// Adds that one of two columns contains `text`, in any case.
    pub(super) fn and_search(&mut self, columns: [&str; 2], text: &str) {
        let pattern = like_pattern(text);
        let [first, second] = columns;
        let condition = format!("({first} LIKE ? ESCAPE '\\' OR {second} LIKE ? ESCAPE '\\')");
        self.and_with(&condition, [&pattern, &pattern]);
    }

    /// Reads a page: `select` up to and without `WHERE`; ids begin with `prefix`.
    pub(super) fn page<T>(
        mut self,
        database: &Database,
        select: &str,
        ids: &Ids<'_, T>,
        page: &Page,
        read: impl Fn(&Record<'_>) -> Result<T, StoreError>,
    ) -> Result<Paged<T>, StoreError> {
        let table = self.table;
        if let Some(after) = page.after(ids.prefix)? {
            self.and_with(&format!("{table}.id > ?"), [after]);
        }
        let limit = page.size() + 1;
        let sql = format!(
            "{select} WHERE {} ORDER BY {table}.id LIMIT {limit}",
            self.sql
        );
        let params = params_from_iter(self.values.iter().map(|value| value as &dyn ToSql));
        let items = many(database, table, &sql, params, read)?;
        Ok(Paged::cut(items, page.size(), ids.id))
    }
}

/// The ids by which a list is ordered.
pub(super) struct Ids<'a, T> {
    /// What they all begin with.
    pub(super) prefix: &'a str,
    /// The id of an item.
    pub(super) id: fn(&T) -> &str,
}

fn like_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_like_takes_for_a_wildcard_is_escaped() {
        assert_eq!(like_pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
