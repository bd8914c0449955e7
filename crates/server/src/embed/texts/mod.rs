//! What the pages say, by language. The words of external apps stay as they are, in quotes.

mod english;
mod french;
mod german;
mod japanese;
mod spanish;

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// The texts of one language.
pub(crate) struct Texts {
    /// BCP 47.
    pub(crate) language: &'static str,
    /// Heading; `{name}` is the integration's.
    pub(crate) connect: &'static str,
    /// Heading of a reconnect.
    pub(crate) reconnect: &'static str,
    /// Above the options.
    pub(crate) choose: &'static str,
    /// Leads back to the options.
    pub(crate) another: &'static str,
    /// The button, where nothing is left to do elsewhere.
    pub(crate) submit: &'static str,
    /// The button that leads to the external app.
    pub(crate) forward: &'static str,
    /// The button after a failure.
    pub(crate) again: &'static str,
    /// The button that gives up.
    pub(crate) cancel: &'static str,
    /// Behind the label of a field that may stay empty.
    pub(crate) optional: &'static str,
    /// Of a list of which nothing is chosen.
    pub(crate) select: &'static str,
    /// Of a list that is typed.
    pub(crate) one_a_line: &'static str,
    /// Of a value that is typed as JSON.
    pub(crate) json: &'static str,
    /// Of a date with a time.
    pub(crate) utc: &'static str,
    /// The link to the author's help.
    pub(crate) help: &'static str,
    /// Where there is no form, but the external app asks.
    pub(crate) asked_there: &'static str,
    /// Where nobody asks anything.
    pub(crate) nothing_asked: &'static str,
    /// Before the title of a page with errors.
    pub(crate) error: &'static str,
    /// Above the errors.
    pub(crate) problem: &'static str,
    /// Heading, where the integration is not set up.
    pub(crate) unavailable: &'static str,
    /// Heading, where the visit is over.
    pub(crate) ended: &'static str,
    /// What that means.
    pub(crate) ended_why: &'static str,
    /// Heading, where a link is not valid.
    pub(crate) refused: &'static str,
    /// Of a form that is too large.
    pub(crate) too_large: &'static str,
    /// What an app is told.
    pub(crate) cancelled: &'static str,
    /// Closes the page where an app embeds it.
    pub(crate) close: &'static str,
    /// While the form is under way.
    pub(crate) busy: &'static str,
    /// Where the network is gone.
    pub(crate) offline: &'static str,
    /// While another window is open.
    pub(crate) elsewhere: &'static str,
    /// Opens that window once more.
    pub(crate) reopen: &'static str,
    /// Where the browser opens no window.
    pub(crate) blocked: &'static str,
    /// Opens it then.
    pub(crate) open_window: &'static str,
    /// Heading at the end.
    pub(crate) connected: &'static str,
    /// Heading after a failure.
    pub(crate) not_connected: &'static str,
    /// Heading of the last page when it is seen again.
    pub(crate) over: &'static str,
    /// What is left to do at the end.
    pub(crate) can_close: &'static str,
    /// What is left to do in a window of its own.
    pub(crate) go_back: &'static str,
    /// Of an app that shows a code.
    pub(crate) shows_code: &'static str,
    /// The link to that page.
    pub(crate) open_app: &'static str,
    /// Label of the field for the code.
    pub(crate) type_code: &'static str,
    /// Heading, where the browser sent no cookie.
    pub(crate) cookies: &'static str,
    /// What that means.
    pub(crate) cookies_why: &'static str,
    /// Goes on with a page that was open for too long.
    pub(crate) resume: &'static str,
    /// Says that one can.
    pub(crate) resumable: &'static str,
    /// Leads back to where the user came from.
    pub(crate) back_to_app: &'static str,
    /// Heading of the list.
    pub(crate) integrations: &'static str,
    /// Where the list is empty.
    pub(crate) none: &'static str,
    /// Label of the field for searching.
    pub(crate) search: &'static str,
    /// Where nothing in the list matches.
    pub(crate) not_found: &'static str,
    /// Leads from the list to one integration.
    pub(crate) manage: &'static str,
    /// Reconnects; said of one integration.
    pub(crate) again_link: &'static str,
    /// Ends a connection.
    pub(crate) disconnect: &'static str,
    /// Heading of the confirmation.
    pub(crate) disconnect_sure: &'static str,
    /// What that does.
    pub(crate) disconnect_what: &'static str,
    /// Leads back to the list.
    pub(crate) back: &'static str,
    /// State of a connection that works.
    pub(crate) is_ready: &'static str,
    /// State, where the user must connect again.
    pub(crate) is_lost: &'static str,
    /// State, where the owner of the app must do something.
    pub(crate) is_broken: &'static str,
    /// State, where there is no connection.
    pub(crate) is_not: &'static str,
    /// Heading above scopes.
    pub(crate) permissions: &'static str,
    /// Above the scopes that will be asked for.
    pub(crate) asked_for: &'static str,
    /// Behind a scope that was asked for in vain.
    pub(crate) not_granted: &'static str,
    /// Heading, where there is no such page.
    pub(crate) nothing_here: &'static str,
    /// Why.
    pub(crate) nothing_why: &'static str,
    /// Adds to a list.
    pub(crate) add: &'static str,
    /// Takes an item off a list; `{name}` is its heading.
    pub(crate) remove: &'static str,
    /// Above the shapes that a value may have.
    pub(crate) kind: &'static str,
    /// Of values that cannot be listed.
    pub(crate) any_value: &'static str,
    /// A field that is empty; `{title}` is its name.
    pub(crate) field_required: &'static str,
    /// … of the wrong type, `{limit}`.
    pub(crate) field_type: &'static str,
    /// … that must be a whole number.
    pub(crate) field_integer: &'static str,
    /// … that must be a number.
    pub(crate) field_number: &'static str,
    /// … that is none of the choices.
    pub(crate) field_choice: &'static str,
    /// … that is too short.
    pub(crate) field_short: &'static str,
    /// … that is too long.
    pub(crate) field_long: &'static str,
    /// … that is too small.
    pub(crate) field_small: &'static str,
    /// … that is too large.
    pub(crate) field_large: &'static str,
    /// … with too few items.
    pub(crate) field_few: &'static str,
    /// … with too many items.
    pub(crate) field_many: &'static str,
    /// … that does not match.
    pub(crate) field_pattern: &'static str,
    /// … of the wrong format.
    pub(crate) field_format: &'static str,
    /// … that is wrong in another way, which the engine says in English.
    pub(crate) field_other: &'static str,
    /// The external app refused; `{why}` are its words.
    pub(crate) was_refused: &'static str,
    /// The user did not allow it.
    pub(crate) was_denied: &'static str,
    /// The external app could not be reached.
    pub(crate) was_unreachable: &'static str,
    /// The owner of the app has to repair something.
    pub(crate) was_misconfigured: &'static str,
    /// Anything else.
    pub(crate) went_wrong: &'static str,
}

/// The first is for everybody who speaks none of these.
static ALL: [&Texts; 5] = [
    &english::TEXTS,
    &german::TEXTS,
    &french::TEXTS,
    &spanish::TEXTS,
    &japanese::TEXTS,
];

impl Texts {
    /// The language of these that a browser likes most.
    pub(crate) fn of(headers: &HeaderMap) -> &'static Self {
        let header = headers.get(ACCEPT_LANGUAGE);
        let accepted = header
            .and_then(|header| header.to_str().ok())
            .unwrap_or_default();
        let mut best: (f32, &Self) = (0.0, &english::TEXTS);
        for part in accepted.split(',') {
            let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
            let weight = weight.trim().parse().unwrap_or(0.0);
            let language = tag.trim().split('-').next().unwrap_or_default();
            let known = ALL
                .iter()
                .find(|texts| texts.language.eq_ignore_ascii_case(language));
            if let Some(texts) = known.filter(|_| weight > best.0) {
                best = (weight, texts);
            }
        }
        best.1
    }
}

/// `text` with the integration's name in it.
pub(crate) fn named(text: &str, name: &str) -> String {
    text.replace("{name}", name)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_most_liked_language_that_is_known_is_spoken() {
        for (accepted, expected) in [
            ("", "en"),
            ("de-CH,de;q=0.9,en;q=0.8", "de"),
            ("pt, fr;q=0.7, ja;q=0.8", "ja"),
            ("es;q=0,*", "en"),
            ("en;q=x,FR;q=0.1", "fr"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(accepted));
            assert_eq!(Texts::of(&headers).language, expected, "{accepted}");
        }
    }
}
