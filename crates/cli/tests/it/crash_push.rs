//! The server, killed while it takes a push: at every step, and at random. There is all of it
//! afterwards, or nothing.

use std::collections::BTreeSet;
use std::thread;
use std::time::Instant;

use authbridge_core::Effects;
use serde_json::{Value, json};

use crate::support::{Place, Server, http};

/// How many elements a push has.
const ELEMENTS: usize = 2_000;

/// How often the server is killed at a moment that nobody chose.
const RANDOM_KILLS: u32 = 20;

fn mint(place: &Place) -> String {
    let ran = place.run(&["token", "mint", "--admin", "--expires-in", "86400"]);
    ran.succeeded().stdout.trim().to_owned()
}

/// What every element of the workspace says.
fn versions(server: &Server, token: &str) -> (usize, BTreeSet<u64>) {
    let path = "/workspace/elements";
    let (status, all) = http::call("GET", &server.url, path, token, &Value::Null).unwrap();
    assert_eq!(status, 200, "{all}");
    let elements = all["elements"].as_array().unwrap();
    let versions = elements
        .iter()
        .map(|element| element["content"]["version"].as_u64().unwrap())
        .collect();
    (elements.len(), versions)
}

fn serve(place: &Place) -> Server {
    Server::start(place.command(&["serve", "--dev"]))
}

#[test]
fn a_push_that_the_servers_death_cuts_off_is_there_as_a_whole_or_not_at_all() {
    // What is committed counts, although nobody heard of it.
    let steps = [
        ("push.planned", 0),
        ("push.writing", 0),
        ("push.committed", ELEMENTS),
    ];
    for (step, expected) in steps {
        let place = Place::new();
        for number in 0..ELEMENTS {
            let name = format!("ws/flows/flow-{number:04}.yaml");
            place.write(&name, "version: 1\nnodes: {}\n");
        }
        let server = Server::start(place.command(&["serve", "--dev", "--pause-at", step]));
        let push = |url: &str| {
            let mut command = place.command(&["push", "ws"]);
            command.env("AUTHBRIDGE_URL", url).output().unwrap()
        };
        let cut = thread::scope(|scope| {
            let url = server.url.clone();
            let pushing = scope.spawn(move || push(&url));
            server.wait_for(&format!("paused at {step}"));
            server.kill();
            pushing.join().unwrap()
        });
        assert_eq!(cut.status.code(), Some(3), "{step}");
        let said = String::from_utf8_lossy(&cut.stderr).into_owned();
        assert!(said.contains("the server"), "{said}");

        let server = serve(&place);
        let token = mint(&place);
        assert_eq!(versions(&server, &token).0, expected, "{step}");
        let again = push(&server.url);
        let said = String::from_utf8_lossy(&again.stdout).into_owned();
        assert!(again.status.success(), "{step}: {said}");
        assert_eq!(versions(&server, &token), (ELEMENTS, BTreeSet::from([1])));
        server.stop();
    }
}

#[test]
fn a_server_that_is_killed_at_random_never_has_half_a_push() {
    let place = Place::new();
    let token = mint(&place);
    let push = |url: &str, version: u32| {
        let elements: Vec<Value> = (0..ELEMENTS)
            .map(|number| {
                let content = json!({"version": version});
                json!({"type": "flows", "key": format!("flow-{number:04}"), "content": content})
            })
            .collect();
        let body = json!({ "elements": elements });
        http::call("POST", url, "/workspace/push", &token, &body)
    };
    let mut server = serve(&place);
    let begun = Instant::now();
    assert_eq!(push(&server.url, 0).unwrap().0, 200);
    let whole = begun.elapsed();
    let effects = Effects::of_the_system();
    let mut applied = 0;
    for version in 1..=RANDOM_KILLS {
        let [random] = effects.random_bytes::<1>();
        let moment = whole * u32::from(random) / 230;
        thread::scope(|scope| {
            let url = server.url.clone();
            let push = &push;
            // It may end with the server, and without an answer.
            scope.spawn(move || drop(push(&url, version)));
            thread::sleep(moment);
            server.kill();
        });
        server = serve(&place);
        let (count, versions) = versions(&server, &token);
        assert_eq!((count, versions.len()), (ELEMENTS, 1), "{versions:?}");
        applied += u32::from(versions.contains(&u64::from(version)));
    }
    assert_eq!(push(&server.url, u32::MAX).unwrap().0, 200);
    println!("{RANDOM_KILLS} kills: {applied} pushes were applied, the others not at all");
}
