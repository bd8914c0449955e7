//! The guides, as a reader follows them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{EXAMPLES_UPSTREAM, Place, Server, Upstream, connect, repository};

/// A fenced piece of the guide.
struct Block {
    language: String,
    text: String,
}

fn blocks(section: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block {
                language: language.to_owned(),
                text: body.join("\n").replace("\\\n", " "),
            });
        }
    }
    blocks
}

/// Writes the files of `blocks`: each begins with its name.
fn write_files(place: &Place, blocks: &[Block], upstream: &str) {
    for block in blocks {
        let mark = match block.language.as_str() {
            "yaml" => "# ",
            "ts" => "// ",
            _ => continue,
        };
        let (name, text) = block.text.split_once('\n').unwrap();
        let name = name.strip_prefix(mark).unwrap();
        place.write(
            name,
            &format!("{}\n", text.replace(EXAMPLES_UPSTREAM, upstream)),
        );
    }
}

/// Types the commands of `blocks`; the server runs already.
fn type_commands(place: &Place, server: &Server, blocks: &[Block]) -> String {
    let mut printed = String::new();
    let shell = blocks.iter().filter(|block| block.language == "sh");
    for line in shell.flat_map(|block| block.text.lines()) {
        let (_, body) = line.split_once(" -d '").unwrap_or_default();
        if line.starts_with("curl") {
            let body: Value = serde_json::from_str(body.strip_suffix('\'').unwrap()).unwrap();
            connect(place, server, "user-42", &body);
        } else if !line.contains(" serve ") && !line.contains("acme.env") {
            printed.push_str(&type_command(place, &server.url, line));
        }
    }
    printed
}

fn type_command(place: &Place, url: &str, line: &str) -> String {
    let executable = Path::new(env!("CARGO_BIN_EXE_authbridge"));
    let directory = executable.parent().unwrap().display();
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(place.path(""));
    command
        .env("PATH", format!("{directory}:/usr/bin:/bin"))
        .env("AUTHBRIDGE_URL", url)
        .env("AUTHBRIDGE_WORKSPACE_KEY", crate::support::KEY)
        .env("AUTHBRIDGE_WORKSPACE_SECRET", crate::support::SECRET);
    let ran = command.output().unwrap();
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{line}\n{stderr}");
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn the_guide_for_a_first_connector_works_as_printed() {
    let guide = repository().join("docs/guides/first-connector.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let upstream = Upstream::start();
    let place = Place::new();
    let expected = [
        &["0 errors, 0 warnings", "api-key-header", "READY"][..],
        &["session", "Bearer t"],
        &[
            "invalid_auth",
            "CLIENT_ACTION_REQUIRED",
            "it works",
            "session",
        ],
        &["api-key-header", "auth option  api-key"],
    ];
    let sections: Vec<&str> = guide.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), expected.len());
    for (section, expected) in sections.into_iter().zip(expected) {
        let blocks = blocks(section);
        write_files(&place, &blocks, upstream.base_uri());
        place.run(&["validate", "--strict", "membrane"]).succeeded();
        let server = Server::start(place.command(&["serve", "membrane", "--dev"]));
        let printed = type_commands(&place, &server, &blocks);
        for text in expected {
            assert!(printed.contains(text), "`{text}` is not in\n{printed}");
        }
        server.stop();
    }
}

#[test]
fn the_guide_for_functions_works_as_printed() {
    let guide = repository().join("docs/guides/functions-in-javascript.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let place = Place::new();
    let expected = [
        &["contacts/", "refresh again", "9 passed, 0 failed"][..],
        &["9 passed, 0 failed"],
        &["Requests are signed", "1 passed, 0 failed"],
        &[
            "All pages are counted",
            "console.info: page 1 has 2",
            "11 passed",
        ],
        &["lib/signature.ts:5:", "1 failed"],
    ];
    let sections: Vec<&str> = guide.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), expected.len());
    for (section, expected) in sections.into_iter().zip(expected) {
        let blocks = blocks(section);
        write_files(&place, &blocks, EXAMPLES_UPSTREAM);
        let shell = blocks.iter().filter(|block| block.language == "sh");
        let printed: String = shell
            .flat_map(|block| block.text.lines())
            .map(|line| type_command(&place, "", line))
            .collect();
        for text in expected {
            assert!(printed.contains(text), "`{text}` is not in\n{printed}");
        }
    }
}

/// The file that the guides for OAuth are about.
const CONFIG: &str = "contacts/auth/get-oauth-config.map.yml";

/// `base` with the keys of `more` in the place of its own.
fn with_keys(base: &str, more: &str) -> String {
    let key = |line: &str| {
        let is_key = line.starts_with(|first: char| first.is_ascii_alphabetic());
        is_key.then(|| line.split(':').next().unwrap_or(line).to_owned())
    };
    let replaced: Vec<String> = more.lines().filter_map(key).collect();
    let mut kept = String::new();
    let mut is_kept = true;
    for line in base.lines() {
        if let Some(key) = key(line) {
            is_kept = !replaced.contains(&key);
        }
        if is_kept {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    format!("{kept}{more}\n")
}

/// Every piece of YAML about the configuration, checked and lived through.
fn live_through(place: &Place, blocks: &[Block], base: &str) {
    for block in blocks.iter().filter(|block| block.language == "yaml") {
        let (name, text) = block.text.split_once('\n').unwrap();
        let config = match name.strip_prefix("# ").unwrap() {
            CONFIG => format!("{text}\n"),
            name if name.strip_prefix("add to ") == Some(CONFIG) => with_keys(base, text),
            _ => continue,
        };
        place.write(CONFIG, &config);
        place
            .run_bare(&["validate", "--strict", "contacts"])
            .succeeded();
        let lived = place.run_bare(&["connector", "test", "contacts"]);
        assert_eq!(lived.code, Some(0), "{config}\n{}", lived.stdout);
        assert!(
            lived.stdout.contains("an account is connected"),
            "{}",
            lived.stdout
        );
    }
    place.write(CONFIG, base);
}

#[test]
fn the_guide_for_oauth2_works_as_printed() {
    let guide = repository().join("docs/guides/oauth2.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let place = Place::new();
    let sections: Vec<&str> = guide.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), 5);
    let first = blocks(sections[0]);
    let type_all = |blocks: &[Block]| -> String {
        let shell = blocks.iter().filter(|block| block.language == "sh");
        shell
            .flat_map(|block| block.text.lines())
            .map(|line| type_command(&place, "", line))
            .collect()
    };
    let made = type_all(&first[..1]);
    assert!(
        made.contains(CONFIG.strip_prefix("contacts/").unwrap()),
        "{made}"
    );
    write_files(&place, &first, "");
    let printed = type_all(&first[1..]);
    for text in [
        "0 errors, 0 warnings",
        "denied consent",
        "revoked by the user",
        "0 failed",
    ] {
        assert!(printed.contains(text), "`{text}` is not in\n{printed}");
    }
    let base = std::fs::read_to_string(place.path(CONFIG)).unwrap();
    // The cases of the new connector expect its first configuration.
    std::fs::remove_file(place.path("contacts/tests/cases.yml")).unwrap();
    for section in &sections[1..4] {
        let blocks = blocks(section);
        let others: Vec<Block> = blocks
            .iter()
            .filter(|block| block.text.starts_with("# contacts/spec.yml"))
            .map(|block| Block {
                language: block.language.clone(),
                text: block.text.clone(),
            })
            .collect();
        write_files(&place, &others, "");
        live_through(&place, &blocks, &base);
    }
    let last = blocks(sections[4]);
    write_files(&place, &last, "");
    place
        .run_bare(&["validate", "--strict", "contacts"])
        .succeeded();
    let printed = type_all(&last);
    for text in ["The team comes with the token", "11 passed, 0 failed"] {
        assert!(printed.contains(text), "`{text}` is not in\n{printed}");
    }
}

#[test]
fn the_guide_for_oauth1_works_as_printed() {
    let guide = repository().join("docs/guides/oauth1.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let place = Place::new();
    let sections: Vec<&str> = guide.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), 4);
    let first = blocks(sections[0]);
    let type_all = |blocks: &[Block]| -> String {
        let shell = blocks.iter().filter(|block| block.language == "sh");
        shell
            .flat_map(|block| block.text.lines())
            .map(|line| type_command(&place, "", line))
            .collect()
    };
    type_all(&first[..1]);
    write_files(&place, &first, "");
    let printed = type_all(&first[1..]);
    for text in [
        "0 errors, 0 warnings",
        "with fresh consent the same connection works again",
        "9 passed, 0 failed, 1 skipped",
    ] {
        assert!(printed.contains(text), "`{text}` is not in\n{printed}");
    }
    let base = std::fs::read_to_string(place.path(CONFIG)).unwrap();
    let mut checked = 0;
    let pieces = sections[1..].iter().flat_map(|section| blocks(section));
    for block in pieces.filter(|block| block.language == "yaml") {
        let (name, text) = block.text.split_once('\n').unwrap();
        match name.strip_prefix("# ").unwrap() {
            name if name.strip_prefix("add to ") == Some(CONFIG) => {
                place.write(CONFIG, &with_keys(&base, text));
            }
            name => place.write(name, &format!("{text}\n")),
        }
        place
            .run_bare(&["validate", "--strict", "contacts"])
            .succeeded();
        checked += 1;
    }
    assert_eq!(checked, 14);
}

#[test]
fn the_guide_for_delegated_authentication_works_as_printed() {
    let guide = repository().join("docs/guides/delegated-authentication.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let place = Place::new();
    let sections: Vec<&str> = guide.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), 4);
    let first = blocks(sections[0]);
    write_files(&place, &first, "");
    let shell = first.iter().filter(|block| block.language == "sh");
    let lines = shell.flat_map(|block| block.text.lines());
    let printed: String = lines.map(|line| type_command(&place, "", line)).collect();
    for text in [
        "0 errors, 0 warnings",
        "an account is connected",
        "5 passed, 0 failed, 1 skipped",
    ] {
        assert!(printed.contains(text), "`{text}` is not in\n{printed}");
    }
    let more = blocks(sections[1]);
    let (name, text) = more[0].text.split_once('\n').unwrap();
    assert_eq!(name, "# add to account/spec.yml");
    let account = "key: account\nname: Account\nbaseUri: https://account.example.com\n";
    let form = "  type: client-credentials\n  inputSchema: {type: object, properties: {}}\n  \
                makeApiClient: {type: mapping, mapping: {}}\n  \
                test: {type: rest-api-mapping, mapping: {path: /me}}\n";
    place.write("account/spec.yml", &format!("{account}\n{text}\n{form}"));
    place
        .run_bare(&["validate", "--strict", "account"])
        .succeeded();
}
