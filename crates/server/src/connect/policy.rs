//! What browsers may do with what we answer.

use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::{HeaderName, HeaderValue};

/// Where a page's style sheet, forms and frames may come from and lead to: source lists of the
/// Content Security Policy (CSP Level 3 section 2.3). Everything else is ours, or refused.
pub(crate) struct Policy<'a> {
    /// The style sheets it may have.
    pub(crate) style: &'a str,
    /// Where its forms may lead.
    pub(crate) forms: &'a str,
    /// Who may frame it; anybody, of whatever scheme, where nothing is said.
    pub(crate) frames: Option<&'a str>,
}

impl Policy<'static> {
    /// That of answers that nobody sees.
    pub(crate) const NOTHING: Self = Self {
        style: "'none'",
        forms: "'none'",
        frames: None,
    };
}

impl Policy<'_> {
    /// Sets the policy; and since one-time codes and results are nobody else's business, nothing
    /// is kept of the answer, and its address is not told.
    pub(crate) fn guard(&self, response: &mut Response) {
        let Self {
            style,
            forms,
            frames,
        } = self;
        let frames = frames.map_or_else(String::new, |who| format!("; frame-ancestors {who}"));
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src {style}; connect-src 'self'; \
             img-src data: 'self'; base-uri 'none'; form-action {forms}{frames}"
        );
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        let nosniff = HeaderName::from_static("x-content-type-options");
        headers.insert(nosniff, HeaderValue::from_static("nosniff"));
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
    }
}
