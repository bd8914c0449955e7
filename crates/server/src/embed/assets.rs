//! The files that pages load. Their names say what is in them, so that each is fetched once.

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::base;
use crate::error::ApiError;
use crate::routes::Named;
use crate::worker::Worker;

/// For files whose name changes with what is in them.
const LASTING: &str = "public, max-age=31536000, immutable";

/// What pages do beyond plain HTML.
pub(super) static SCRIPT: Asset = Asset {
    stem: "page",
    text: include_str!("page.js"),
};

/// The protocol that pages speak with an app that embeds them: penpal 6.2.2, as it is on npm,
/// behind its licence.
pub(super) static PENPAL: Asset = Asset {
    stem: "penpal",
    text: concat!(
        "/*\npenpal 6.2.2\n",
        include_str!("penpal.LICENSE"),
        "*/\n",
        include_str!("penpal.min.js")
    ),
};

/// One file.
pub(crate) struct Asset {
    stem: &'static str,
    text: &'static str,
}

impl Asset {
    /// Where browsers find it.
    pub(crate) fn path(&self, worker: &Worker) -> String {
        format!("{}/embed/assets/{}", base(worker), self.name())
    }

    fn name(&self) -> String {
        let hash = hash(self.text.as_bytes());
        format!("{}-{hash:016x}.js", self.stem)
    }
}

/// Answers with the file of this name.
pub(super) async fn asset(Named(name): Named) -> Result<Response, ApiError> {
    let mut all = [&SCRIPT, &PENPAL].into_iter();
    let Some(found) = all.find(|asset| asset.name() == name) else {
        return Err(ApiError::not_found("there is no such file"));
    };
    let headers = [(CONTENT_TYPE, "text/javascript"), (CACHE_CONTROL, LASTING)];
    Ok((headers, found.text).into_response())
}

/// FNV-1a: nobody but us chooses what is hashed.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
