//! Lists in pages.

use crate::StoreError;

/// Which part of a list to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many items at most; taken as 1 when less and as 1000 when more.
    pub limit: u32,
    /// Where to go on: the cursor of the page before. `None` or `"0"` is the start
    /// (wire contract B.1).
    pub cursor: Option<String>,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            limit: 100,
            cursor: None,
        }
    }
}

impl Page {
    /// The limit, within what is allowed.
    pub(crate) fn size(&self) -> usize {
        usize::try_from(self.limit.clamp(1, MAX_LIMIT)).unwrap_or(1)
    }

    /// The id after which the page starts; ids of a list all begin with `prefix`.
    pub(crate) fn after(&self, prefix: &str) -> Result<Option<&str>, StoreError> {
        match self.cursor.as_deref() {
            None | Some("" | "0") => Ok(None),
            Some(cursor) if is_id_of(cursor, prefix) => Ok(Some(cursor)),
            Some(_) => Err(StoreError::InvalidCursor),
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Paged<T> {
    /// The items, oldest first.
    pub items: Vec<T>,
    /// Where the next page starts; `None` when this one is the last.
    pub cursor: Option<String>,
}

impl<T> Paged<T> {
    /// Cuts a page of `size` out of `items`, of which one more than that was read if there is.
    pub(crate) fn cut(mut items: Vec<T>, size: usize, id: impl Fn(&T) -> &str) -> Self {
        let more = items.len() > size;
        items.truncate(size);
        let cursor = items
            .last()
            .filter(|_| more)
            .map(|item| id(item).to_owned());
        Self { items, cursor }
    }
}

fn is_id_of(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|rest| rest.len() == 26)
}

const MAX_LIMIT: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: u32, cursor: &str) -> Page {
        Page {
            limit,
            cursor: Some(cursor.to_owned()),
        }
    }

    #[test]
    fn the_literal_zero_is_the_start() {
        assert_eq!(page(10, "0").after("con").unwrap(), None);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = page(10, "cus_00000000000000000000000000");
        assert!(matches!(
            cursor.after("con"),
            Err(StoreError::InvalidCursor)
        ));
    }

    #[test]
    fn a_limit_out_of_range_is_brought_into_it() {
        assert_eq!(page(0, "0").size(), 1);
        assert_eq!(page(u32::MAX, "0").size(), 1000);
    }

    #[test]
    fn only_a_page_with_more_behind_it_has_a_cursor() {
        let full = Paged::cut(vec!["a", "b", "c"], 2, |item| item);
        assert_eq!(full.items, ["a", "b"]);
        assert_eq!(full.cursor.as_deref(), Some("b"));
        assert_eq!(Paged::cut(vec!["a", "b"], 2, |item| item).cursor, None);
    }
}
