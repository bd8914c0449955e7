//! Asking a user to connect an account by a link, and the links of connections that have to be
//! connected again.

use http::{Method, Request, StatusCode};
use http_body_util::Full;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, World, api_key_connector};

async fn world() -> World {
    let world = World::new().await;
    let connector = api_key_connector("api-key", world.provider.base_uri());
    world.install(connector).await;
    world
}

async fn ask(world: &World, customer: &str, more: Value) -> Value {
    let mut body = json!({ "integrationKey": "api-key" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let token = world.customer(customer);
    let made = world.post("/connection-requests", &token, body).await;
    made.expect(201).json()
}

async fn status(world: &World, customer: &str, request: &Value) -> Value {
    let id = request["requestId"].as_str().unwrap();
    let path = format!("/connection-requests/{id}");
    let token = world.customer(customer);
    world.get(&path, &token).await.expect(200).json()
}

fn browser(world: &World) -> Browser<'_> {
    Browser::new(world)
}

impl Browser<'_> {
    async fn open(&mut self, link: &Value) -> Answer {
        let link = url::Url::parse(link.as_str().unwrap()).unwrap();
        self.go(Method::GET, link.path(), "").await
    }

    /// Opens a link and fills in its form; how the page answers.
    async fn connect(&mut self, link: &Value, typed: &'static str) -> Answer {
        let opened = self.open(link).await;
        let page = opened.expect(303).header("location").unwrap().to_owned();
        self.go(Method::POST, &page, typed).await.expect(303);
        self.go(Method::GET, &page, "").await
    }
}

#[tokio::test]
async fn a_link_without_a_token_connects_one_account_once() {
    let world = world().await;
    let request = ask(
        &world,
        "c-1",
        json!({ "name": "Mine", "connectionKey": "k" }),
    )
    .await;
    assert_eq!(request["status"], "pending");
    let (id, url) = (&request["requestId"], request["url"].as_str().unwrap());
    assert!(url.ends_with(&format!("/connect/{}", id.as_str().unwrap())));
    assert_eq!(id.as_str().unwrap().len(), 43, "256 bits");

    // It may be opened twice, and a failure uses it up as little.
    browser(&world).open(&request["url"]).await.expect(303);
    let mut browser = browser(&world);
    let refused = browser.connect(&request["url"], "f.apiKey=wrong").await;
    refused.expect(200);
    assert_eq!(status(&world, "c-1", &request).await["status"], "pending");
    let typed = "f.apiKey=simulated-api-key";
    let shown = browser.connect(&request["url"], typed).await;
    assert!(shown.expect(200).text().contains("Connected"), "{shown:?}");

    let done = status(&world, "c-1", &request).await;
    assert_eq!(done["status"], "success");
    let token = world.customer("c-1");
    let made = world.get("/connections/api-key", &token).await.json();
    assert_eq!(done["resultConnectionId"], made["id"]);
    assert_eq!([&made["name"], &made["key"]], ["Mine", "k"]);

    let again = browser.open(&request["url"]).await;
    assert!(
        again.expect(400).text().contains("used already"),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_page_that_was_open_before_connects_nothing_once_the_link_is_used_up() {
    let world = world().await;
    let request = ask(&world, "c-1", json!({ "allowMultipleConnections": true })).await;
    let typed = "f.apiKey=simulated-api-key";
    let (mut first, mut second) = (browser(&world), browser(&world));
    let opened = second.open(&request["url"]).await;
    let page = opened.expect(303).header("location").unwrap().to_owned();
    first.connect(&request["url"], typed).await.expect(200);
    second.go(Method::POST, &page, typed).await.expect(303);
    let shown = second.go(Method::GET, &page, "").await;
    assert!(shown.text().contains("used already"), "{}", shown.text());
    let token = world.customer("c-1");
    let list = world
        .get("/connections?integrationKey=api-key", &token)
        .await;
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_gives_up_is_heard_and_the_link_is_dead() {
    let world = world().await;
    let of_user = ask(&world, "c-1", json!({})).await;
    let mut browser = browser(&world);
    browser.connect(&of_user["url"], "cancel=1").await;
    assert_eq!(status(&world, "c-1", &of_user).await["status"], "cancelled");
    browser.open(&of_user["url"]).await.expect(400);

    let of_app = ask(&world, "c-1", json!({})).await;
    let path = format!(
        "/connection-requests/{}",
        of_app["requestId"].as_str().unwrap()
    );
    let token = world.customer("c-1");
    let unchanged = world.patch(&path, &token, json!({})).await;
    assert_eq!(unchanged.expect(200).json()["status"], "pending");
    let cancelled = world
        .patch(&path, &token, json!({ "status": "cancelled" }))
        .await;
    assert_eq!(cancelled.expect(200).json()["status"], "cancelled");
    browser.open(&of_app["url"]).await.expect(400);
}

#[tokio::test]
async fn a_link_lives_an_hour_and_whoever_polls_hears_of_its_end() {
    let world = world().await;
    let request = ask(&world, "c-1", json!({})).await;
    world.clock.advance(SignedDuration::from_secs(3599));
    browser(&world).open(&request["url"]).await.expect(303);
    assert_eq!(status(&world, "c-1", &request).await["status"], "pending");
    world.clock.advance(SignedDuration::from_secs(1));
    let late = browser(&world).open(&request["url"]).await;
    assert!(late.expect(400).text().contains("too old"), "{late:?}");
    let expired = status(&world, "c-1", &request).await;
    assert_eq!(expired["status"], "error");
    let message = expired["resultError"]["message"].as_str().unwrap();
    assert!(message.contains("expired"), "{message}");
}

#[tokio::test]
async fn a_request_is_its_customers_and_what_it_says_is_fixed() {
    let world = world().await;
    let request = ask(&world, "c-1", json!({})).await;
    let path = format!(
        "/connection-requests/{}",
        request["requestId"].as_str().unwrap()
    );
    let stranger = world.customer("c-2");
    let body = json!({ "status": "cancelled" });
    for answer in [
        world.get(&path, &stranger).await,
        world.patch(&path, &stranger, body).await,
    ] {
        answer.expect_error(404, "bad_request", Some("not_found"));
    }
    world.get(&path, &world.admin()).await.expect(200);
    let unknown = format!("/connect/{}", "x".repeat(43));
    let shown = browser(&world).go(Method::GET, &unknown, "").await;
    assert!(!shown.expect(404).text().contains("xxx"));

    let ask_wrongly = async |body| {
        let answer = world.post("/connection-requests", &stranger, body).await;
        answer.status.as_u16()
    };
    assert_eq!(ask_wrongly(json!({})).await, 400);
    assert_eq!(ask_wrongly(json!({ "integrationKey": "nope" })).await, 404);
    let script = json!({ "integrationKey": "api-key", "redirectUri": "javascript:alert(1)" });
    assert_eq!(ask_wrongly(script).await, 400);
    let for_another = json!({ "integrationKey": "api-key", "customerId": "c-1" });
    assert_eq!(ask_wrongly(for_another).await, 403);
    let parameters = json!({ "integrationKey": "api-key", "connectorParameters": { "a": 1 } });
    assert_eq!(ask_wrongly(parameters).await, 403);
}

#[tokio::test]
async fn a_connector_means_its_only_integration() {
    let world = world().await;
    let token = world.customer("c-1");
    let ask = async |path: &str, body: Value| world.post(path, &token, body).await;
    let of_connector = json!({ "connectorKey": "api-key" });
    for path in ["/connection-requests", "/connection-options"] {
        let answer = ask(path, of_connector.clone()).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        ask(path, json!({ "connectorId": "nope" }))
            .await
            .expect(404);
    }
    let second = json!({ "key": "second", "connectorKey": "api-key" });
    world
        .post("/integrations", &world.admin(), second)
        .await
        .expect(201);
    for path in ["/connection-requests", "/connection-options"] {
        let refused = ask(path, of_connector.clone()).await;
        let error = refused.expect_error(400, "bad_request", None);
        assert!(
            error["message"].as_str().unwrap().contains("several"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_admin_asks_for_a_customer_with_parameters_that_nobody_reads_back() {
    let world = world().await;
    let body = json!({
        "integrationKey": "api-key",
        "tenantKey": "c-9",
        "connectorParameters": { "clientSecret": "planted-parameter" },
    });
    world.get("/self", &world.customer("c-9")).await.expect(200);
    let made = world
        .post("/connection-requests", &world.admin(), body)
        .await;
    let request = made.expect(201).json();
    assert!(!request.to_string().contains("planted-parameter"));
    let typed = "f.apiKey=simulated-api-key";
    let shown = browser(&world).connect(&request["url"], typed).await;
    assert!(shown.expect(200).text().contains("Connected"), "{shown:?}");
    let path = "/connections?userId=c-9&integrationKey=api-key";
    let found = world.get(path, &world.admin()).await.json();
    let id = found["items"][0]["id"].as_str().unwrap();
    let path = format!("/connections/{id}?includeSecrets=true");
    let secrets = world.get(&path, &world.admin()).await.json();
    let parameters = &secrets["connectorParameters"];
    assert_eq!(parameters["clientSecret"], "planted-parameter");
}

#[tokio::test]
async fn what_a_link_holds_is_not_kept() {
    let world = world().await;
    let request = ask(&world, "c-1", json!({ "name": "Planted name" })).await;
    browser(&world).open(&request["url"]).await.expect(303);
    let link = request["requestId"].as_str().unwrap();
    let holds = |text: &str| {
        let entries = std::fs::read_dir(world.data_dir()).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        let mut contents = files
            .filter(|path| path.is_file())
            .map(|path| std::fs::read(path).unwrap());
        contents.any(|bytes| {
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        })
    };
    assert!(holds("Planted name"), "so the search works");
    assert!(!holds(link));
}

#[tokio::test]
async fn the_newer_sdks_addresses_of_a_request_lead_to_its_page() {
    let world = world().await;
    let request = ask(&world, "ada", json!({})).await;
    let id = request["requestId"].as_str().unwrap();
    for path in ["/screens/connections", "/screens/connect"] {
        let path = format!("{path}?connectionRequestId={id}");
        let answer = browser(&world).go(Method::GET, &path, "").await;
        let location = answer.expect(303).header("location");
        assert_eq!(location, request["url"].as_str());
    }
    let path = "/screens/connect?connectionRequestId=..%2F..%2Fx%0d%0a";
    let answer = browser(&world).go(Method::GET, path, "").await;
    let location = answer.expect(303).header("location").unwrap();
    assert!(
        location.ends_with("/connect/..%2F..%2Fx%0D%0A"),
        "{location}"
    );
}

#[tokio::test]
async fn the_newer_sdk_names_the_request_when_it_connects() {
    let world = world().await;
    let connect = async |customer: &str, payload: Value| {
        let mut payload = payload;
        payload["token"] = world.customer(customer).into();
        let request = Request::post("/connect")
            .header("host", world.address.to_string())
            .header("content-type", "application/json");
        let body = Full::from(payload.to_string());
        world.send(request.body(body).unwrap()).await.text()
    };
    let request = ask(&world, "c-1", json!({ "name": "Asked for" })).await;
    let id = &request["requestId"];
    let wrong = json!({ "connectionRequestId": id, "input": { "apiKey": "wrong" } });
    let shown = connect("c-1", wrong).await;
    assert!(shown.contains("newConnectionFailure"), "{shown}");
    let failed = status(&world, "c-1", &request).await;
    assert_eq!(failed["status"], "error", "nobody is asked again here");
    assert_eq!(failed["resultError"]["type"], "connection");

    let right = json!({ "connectionRequestId": id, "input": { "apiKey": "simulated-api-key" } });
    let shown = connect("c-2", right.clone()).await;
    assert!(shown.contains("Connection request not found"), "{shown}");
    let shown = connect("c-1", right).await;
    assert!(shown.contains("newConnectionCreated"), "{shown}");
    assert!(shown.contains("Asked for"), "{shown}");
    assert_eq!(status(&world, "c-1", &request).await["status"], "success");
}

#[tokio::test]
async fn what_a_link_connects_is_not_the_browsers_to_say() {
    let world = world().await;
    let other = api_key_connector("other", world.provider.base_uri());
    world.install(other).await;
    let token = world.customer("c-1");
    let earlier = world.connect("other", &token).await;
    let request = ask(&world, "c-1", json!({})).await;
    let payload = json!({
        "token": token,
        "connectionRequestId": request["requestId"],
        "integrationKey": "other",
        "connectionId": earlier,
        "input": { "apiKey": "simulated-api-key" },
    });
    let sent = Request::post("/connect")
        .header("host", world.address.to_string())
        .header("content-type", "application/json");
    let body = Full::from(payload.to_string());
    world.send(sent.body(body).unwrap()).await.expect(200);
    let done = status(&world, "c-1", &request).await;
    let made = world.get("/connections/api-key", &token).await.json();
    assert_eq!(done["resultConnectionId"], made["id"]);
    assert_ne!(made["id"], earlier.as_str());
}

#[tokio::test]
async fn a_connection_that_its_user_must_connect_again_says_where() {
    let world = world().await;
    let token = world.customer("c-1");
    let id = world.connect("api-key", &token).await;
    let path = format!("/connections/{id}");
    let ready = world.get(&path, &token).await.json();
    assert_eq!(ready["clientAction"], Value::Null);

    world.provider.fail_next(1, StatusCode::UNAUTHORIZED);
    world
        .post(&format!("{path}/test"), &token, json!({}))
        .await
        .expect(200);
    let defunct = world.get(&path, &token).await.json();
    assert_eq!(defunct["state"], "CLIENT_ACTION_REQUIRED");
    let action = &defunct["clientAction"];
    assert_eq!(action["type"], "connect");
    let again = world.get(&path, &token).await.json();
    assert_eq!(
        again["clientAction"]["uiUrl"], action["uiUrl"],
        "it is the same for a while"
    );
    let list = world
        .get("/connections?integrationKey=api-key", &token)
        .await
        .json();
    assert_eq!(list["items"][0]["clientAction"]["uiUrl"], Value::Null);

    let typed = "f.apiKey=simulated-api-key";
    let shown = browser(&world).connect(&action["uiUrl"], typed).await;
    assert!(shown.expect(200).text().contains("Connected"), "{shown:?}");
    let well = world.get(&path, &token).await.json();
    assert_eq!(well["state"], "READY");
    assert_eq!(well["clientAction"], Value::Null);
    browser(&world).open(&action["uiUrl"]).await.expect(400);
}

#[tokio::test]
async fn a_page_by_another_address_shows_what_the_link_is_for() {
    let world = world().await;
    let other = api_key_connector("harmless", world.provider.base_uri());
    world.install(other).await;
    let request = ask(&world, "ada", json!({})).await;
    let (id, token) = (
        request["requestId"].as_str().unwrap(),
        world.customer("ada"),
    );
    let path =
        format!("/embed/integrations/harmless/connect?token={token}&connectionRequestId={id}");
    let mut browser = browser(&world);
    let begun = browser.get(&path).await;
    let page = begun.expect(303).header("location").unwrap().to_owned();
    let shown = browser.get(&page).await.expect(200).text();
    assert!(shown.contains("Connect api-key"), "{shown}");
    assert!(!shown.contains("harmless"), "{shown}");
}

#[tokio::test]
async fn what_a_request_says_is_bounded() {
    let world = world().await;
    let body = json!({ "integrationKey": "api-key", "prompt": "x".repeat(20_000) });
    let answer = world
        .post("/connection-requests", &world.customer("ada"), body)
        .await;
    answer.expect_error(400, "bad_request", None);
}
