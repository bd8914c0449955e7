//! Lists in pages.

use authbridge_store::{Page, Paged};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items of this page.
    pub(crate) items: Vec<T>,
    /// Give this as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
}

impl<T> List<T> {
    pub(crate) fn of<S>(page: Paged<S>, view: impl Fn(S) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(view).collect(),
            cursor: page.cursor,
        }
    }
}

/// What every list can be asked. Everything is text here, since clients send numbers and flags
/// in several spellings; parameters that nobody knows are ignored.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// At most this many items, 1 to 1000; 100 unless given.
    pub(crate) limit: Option<String>,
    /// Where to go on, from the page before; `0` is the start.
    pub(crate) cursor: Option<String>,
    /// Only what has this in its name or key.
    pub(crate) search: Option<String>,
    /// `true` for archived ones too.
    pub(crate) include_archived: Option<String>,
}

impl ListQuery {
    pub(crate) fn page(&self) -> Result<Page, ApiError> {
        let mut page = Page {
            cursor: given(self.cursor.as_ref()),
            ..Page::default()
        };
        if let Some(limit) = given(self.limit.as_ref()) {
            let number: u32 = limit
                .parse()
                .ok()
                .filter(|limit| (1..=1000).contains(limit))
                .ok_or_else(|| ApiError::bad_request("`limit` must be a number from 1 to 1000"))?;
            page.limit = number;
        }
        Ok(page)
    }

    pub(crate) fn search(&self) -> Option<String> {
        given(self.search.as_ref())
    }

    pub(crate) fn include_archived(&self) -> bool {
        flag(self.include_archived.as_ref()).unwrap_or(false)
    }
}

/// Empty parameters count as absent.
pub(crate) fn given(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).cloned()
}

/// `true`, `1` and `yes`, or anything else.
pub(crate) fn flag(text: Option<&String>) -> Option<bool> {
    given(text).map(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes"))
}
