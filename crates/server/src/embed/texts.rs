//! What the pages say, by language. What the engine says of a field is English.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// The texts of one language.
pub(super) struct Texts {
    /// BCP 47.
    pub(super) language: &'static str,
    /// Heading; `{name}` is the integration's.
    pub(super) connect: &'static str,
    /// Heading of a reconnect.
    pub(super) reconnect: &'static str,
    /// Above the options.
    pub(super) choose: &'static str,
    /// Leads back to the options.
    pub(super) another: &'static str,
    /// The button, where nothing is left to do elsewhere.
    pub(super) submit: &'static str,
    /// The button that leads to the external app.
    pub(super) forward: &'static str,
    /// The button after a failure.
    pub(super) again: &'static str,
    /// The button that gives up.
    pub(super) cancel: &'static str,
    /// Behind the label of a field that may stay empty.
    pub(super) optional: &'static str,
    /// Of a list of which nothing is chosen.
    pub(super) select: &'static str,
    /// Of a list that is typed.
    pub(super) one_a_line: &'static str,
    /// Of a value that is typed as JSON.
    pub(super) json: &'static str,
    /// Of a date with a time.
    pub(super) utc: &'static str,
    /// The link to the author's help.
    pub(super) help: &'static str,
    /// Where there is no form, but the external app asks.
    pub(super) asked_there: &'static str,
    /// Where nobody asks anything.
    pub(super) nothing_asked: &'static str,
    /// Before the title of a page with errors.
    pub(super) error: &'static str,
    /// Above the errors.
    pub(super) problem: &'static str,
    /// Heading, where the integration is not set up.
    pub(super) unavailable: &'static str,
    /// Heading, where the visit is over.
    pub(super) ended: &'static str,
    /// What that means.
    pub(super) ended_why: &'static str,
    /// Heading, where a link is not valid.
    pub(super) refused: &'static str,
    /// Of a form that is too large.
    pub(super) too_large: &'static str,
    /// What an app is told.
    pub(super) cancelled: &'static str,
}

/// The first is for everybody who speaks none of these.
static ALL: [&Texts; 5] = [&ENGLISH, &GERMAN, &FRENCH, &SPANISH, &JAPANESE];

impl Texts {
    /// The language of these that a browser likes most.
    pub(super) fn of(headers: &HeaderMap) -> &'static Self {
        let header = headers.get(ACCEPT_LANGUAGE);
        let accepted = header
            .and_then(|header| header.to_str().ok())
            .unwrap_or_default();
        let mut best: (f32, &Self) = (0.0, &ENGLISH);
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
pub(super) fn named(text: &str, name: &str) -> String {
    text.replace("{name}", name)
}

static ENGLISH: Texts = Texts {
    language: "en",
    connect: "Connect {name}",
    reconnect: "Connect {name} again",
    choose: "How do you want to connect?",
    another: "Choose another way",
    submit: "Connect",
    forward: "Continue to {name}",
    again: "Try again",
    cancel: "Cancel",
    optional: "optional",
    select: "Choose…",
    one_a_line: "One on each line.",
    json: "As JSON.",
    utc: "In UTC.",
    help: "Where do I find this? (opens a new window)",
    asked_there: "{name} will ask you to allow access.",
    nothing_asked: "Nothing more is needed.",
    error: "Error",
    problem: "There is a problem",
    unavailable: "{name} cannot be connected at present",
    ended: "This page has ended",
    ended_why: "It was open for too long, or your browser did not keep its cookie. If you have not connected yet, please start again where you came from.",
    refused: "This link does not work",
    too_large: "What was submitted is too large.",
    cancelled: "The user cancelled.",
};

static GERMAN: Texts = Texts {
    language: "de",
    connect: "{name} verbinden",
    reconnect: "{name} erneut verbinden",
    choose: "Wie möchten Sie verbinden?",
    another: "Andere Art wählen",
    submit: "Verbinden",
    forward: "Weiter zu {name}",
    again: "Erneut versuchen",
    cancel: "Abbrechen",
    optional: "freiwillig",
    select: "Auswählen …",
    one_a_line: "Ein Eintrag je Zeile.",
    json: "Als JSON.",
    utc: "In UTC.",
    help: "Wo finde ich das? (öffnet ein neues Fenster)",
    asked_there: "{name} wird Sie bitten, den Zugriff zu erlauben.",
    nothing_asked: "Mehr wird nicht gebraucht.",
    error: "Fehler",
    problem: "Es gibt ein Problem",
    unavailable: "{name} kann zurzeit nicht verbunden werden",
    ended: "Diese Seite ist abgelaufen",
    ended_why: "Sie war zu lange offen, oder Ihr Browser hat ihr Cookie nicht behalten. Falls Sie noch nicht verbunden haben, beginnen Sie bitte dort neu, wo Sie hergekommen sind.",
    refused: "Dieser Link funktioniert nicht",
    too_large: "Es wurde zu viel abgeschickt.",
    cancelled: "Vom Benutzer abgebrochen.",
};

static FRENCH: Texts = Texts {
    language: "fr",
    connect: "Connecter {name}",
    reconnect: "Reconnecter {name}",
    choose: "Comment souhaitez-vous vous connecter ?",
    another: "Choisir un autre moyen",
    submit: "Connecter",
    forward: "Continuer vers {name}",
    again: "Réessayer",
    cancel: "Annuler",
    optional: "facultatif",
    select: "Choisir…",
    one_a_line: "Un élément par ligne.",
    json: "En JSON.",
    utc: "En UTC.",
    help: "Où trouver cela ? (nouvelle fenêtre)",
    asked_there: "{name} vous demandera d’autoriser l’accès.",
    nothing_asked: "Rien d’autre n’est nécessaire.",
    error: "Erreur",
    problem: "Il y a un problème",
    unavailable: "{name} ne peut pas être connecté pour le moment",
    ended: "Cette page a expiré",
    ended_why: "Elle est restée ouverte trop longtemps, ou votre navigateur n’a pas conservé son cookie. Si la connexion n’a pas encore eu lieu, veuillez recommencer depuis la page d’où vous venez.",
    refused: "Ce lien ne fonctionne pas",
    too_large: "Les données envoyées sont trop volumineuses.",
    cancelled: "Annulé par l’utilisateur.",
};

static SPANISH: Texts = Texts {
    language: "es",
    connect: "Conectar {name}",
    reconnect: "Volver a conectar {name}",
    choose: "¿Cómo quiere conectarse?",
    another: "Elegir otra forma",
    submit: "Conectar",
    forward: "Continuar a {name}",
    again: "Reintentar",
    cancel: "Cancelar",
    optional: "opcional",
    select: "Elegir…",
    one_a_line: "Un elemento por línea.",
    json: "En JSON.",
    utc: "En UTC.",
    help: "¿Dónde encuentro esto? (se abre en otra ventana)",
    asked_there: "{name} le pedirá que permita el acceso.",
    nothing_asked: "No se necesita nada más.",
    error: "Error",
    problem: "Hay un problema",
    unavailable: "{name} no se puede conectar en este momento",
    ended: "Esta página ha caducado",
    ended_why: "Estuvo abierta demasiado tiempo, o su navegador no guardó su cookie. Si aún no se ha conectado, vuelva a empezar desde donde vino.",
    refused: "Este enlace no funciona",
    too_large: "Se ha enviado demasiada información.",
    cancelled: "Cancelado por el usuario.",
};

static JAPANESE: Texts = Texts {
    language: "ja",
    connect: "{name} に接続",
    reconnect: "{name} に再接続",
    choose: "接続方法を選択してください",
    another: "別の方法を選択",
    submit: "接続",
    forward: "{name} に進む",
    again: "再試行",
    cancel: "キャンセル",
    optional: "任意",
    select: "選択…",
    one_a_line: "1 行に 1 件ずつ入力してください。",
    json: "JSON 形式。",
    utc: "UTC 時刻。",
    help: "これはどこにありますか(新しいウィンドウで開きます)",
    asked_there: "{name} でアクセスの許可を求められます。",
    nothing_asked: "ほかに入力は必要ありません。",
    error: "エラー",
    problem: "問題があります",
    unavailable: "現在 {name} に接続できません",
    ended: "このページの有効期限が切れました",
    ended_why: "長時間開いたままだったか、ブラウザーに Cookie が保存されていません。まだ接続していない場合は、元のページからやり直してください。",
    refused: "このリンクは使用できません",
    too_large: "送信された内容が大きすぎます。",
    cancelled: "ユーザーがキャンセルしました。",
};

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
