//! The connect pages: what a token is exchanged for, and for how long.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Answer, Browser, World, api_key_connector};

impl Browser<'_> {
    /// Begins a visit of `customer`; the address of its page.
    async fn begin(&mut self, customer: &str) -> String {
        let token = self.world.customer(customer);
        let path = format!("/embed/integrations/api-key/connect?token={token}");
        let answer = self.get(&path).await;
        let location = answer.expect(303).header("location").unwrap();
        assert!(!location.contains(&token));
        location.to_owned()
    }
}

async fn world() -> World {
    let world = World::new().await;
    let connector = api_key_connector("api-key", world.provider.base_uri());
    world.install(connector).await;
    world
}

fn browser(world: &World) -> Browser<'_> {
    Browser::new(world)
}

#[tokio::test]
async fn a_visit_is_over_after_half_an_hour() {
    let world = world().await;
    let mut browser = browser(&world);
    let page = browser.begin("c-1").await;
    world.clock.advance(SignedDuration::from_secs(1790));
    browser.get(&page).await.expect(200);
    world.clock.advance(SignedDuration::from_secs(20));
    let shown = browser.get(&page).await;
    assert!(shown.expect(410).text().contains("You can go on with it"));
    let typed = "f.apiKey=simulated-api-key";
    browser.go(Method::POST, &page, typed).await.expect(410);
    let token = world.customer("c-1");
    world.get("/connections/api-key", &token).await.expect(404);
}

#[tokio::test]
async fn a_visit_that_is_over_goes_on_while_its_token_is_valid() {
    let world = world().await;
    let mut browser = browser(&world);
    let page = browser.begin("c-1").await;
    world.clock.advance(SignedDuration::from_mins(31));
    let shown = browser.get(&page).await;
    let resume = resume_of(&shown.expect(410).text()).unwrap();
    let mut stranger = Browser {
        world: &world,
        cookie: None,
    };
    stranger.go(Method::POST, &resume, "").await.expect(410);
    browser.get(&page).await.expect(410);
    let back = browser.go(Method::POST, &resume, "").await;
    assert_eq!(back.expect(303).header("location"), Some(page.as_str()));
    assert!(
        back.header("set-cookie").is_some(),
        "for as long as it lasts"
    );
    browser.get(&page).await.expect(200);
    world.clock.advance(SignedDuration::from_hours(3));
    let shown = browser.get(&page).await;
    let text = shown.expect(410).text();
    assert_eq!(resume_of(&text), None);
    assert!(text.contains("start again"), "{text}");
    assert!(text.contains("newConnectionFailure"), "{text}");
    browser.go(Method::POST, &resume, "").await.expect(410);
}

#[tokio::test]
async fn a_visit_that_is_over_leads_back_to_the_app() {
    let world = world().await;
    let mut browser = browser(&world);
    let token = world.customer("c-1");
    let path = format!(
        "/embed/integrations/api-key/connect?token={token}&redirectUri=https://app.test/back"
    );
    let begun = browser.get(&path).await;
    let page = begun.expect(303).header("location").unwrap().to_owned();
    world.clock.advance(SignedDuration::from_hours(3));
    let shown = browser.get(&page).await;
    assert!(
        shown
            .expect(410)
            .text()
            .contains(r#"href="https://app.test/back""#)
    );
}

fn resume_of(page: &str) -> Option<String> {
    let (_, rest) = page.split_once(r#"action="/embed/resume/"#)?;
    Some(format!("/embed/resume/{}", rest.split_once('"')?.0))
}

#[tokio::test]
async fn neither_the_address_nor_the_cookie_of_another_visit_is_enough() {
    let world = world().await;
    let (mut one, mut other) = (browser(&world), browser(&world));
    let page = one.begin("c-1").await;
    let shown = other.get(&page).await;
    assert!(shown.expect(410).text().contains("needs a cookie"));
    other.begin("c-2").await;
    other.get(&page).await.expect(410);
    let name = one.cookie.as_deref().unwrap().split('=').next().unwrap();
    let value = other.cookie.as_deref().unwrap().split('=').nth(1).unwrap();
    other.cookie = Some(format!("{name}={value}"));
    other.get(&page).await.expect(410);
    one.get(&page).await.expect(200);
}

/// What Safari calls itself.
const SAFARI: &str =
    "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15";

/// Asks as the frame of another site in Safari, which keeps no cookies.
async fn framed(world: &World, method: Method, path: &str, body: String) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", world.address.to_string())
        .header("user-agent", SAFARI)
        .header("sec-fetch-dest", "iframe")
        .header("content-type", "application/x-www-form-urlencoded");
    let body = Full::new(Bytes::from(body));
    world.send(request.body(body).unwrap()).await
}

/// The form of a page that goes on by itself: where to, and the pass in it.
fn relayed(page: &str) -> (String, String) {
    let after = |mark: &str| {
        let (_, rest) = page.split_once(mark).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let pass = after(r#"name="pass" value=""#);
    (after(r#"<form method="post" action=""#), pass)
}

#[tokio::test]
async fn where_frames_keep_no_cookies_a_pass_in_bodies_stands_for_them() {
    let world = world().await;
    let post = async |path: &str, body: String| framed(&world, Method::POST, path, body).await;
    let enter = async |customer: &str| {
        let token = world.customer(customer);
        let path = format!("/embed/integrations/api-key/connect?token={token}");
        let entered = framed(&world, Method::GET, &path, String::new());
        relayed(&entered.await.expect(200).text())
    };
    let (page, pass) = enter("c-1").await;
    let shown = post(&page, format!("show=1&pass={pass}")).await;
    assert!(shown.expect(200).text().contains("data-pass"), "{shown:?}");
    // In an address it is nothing, and neither is that of another visit.
    let asked = format!("{page}?pass={pass}");
    let asked = framed(&world, Method::GET, &asked, String::new());
    asked.await.expect(410);
    let (_, others) = enter("c-2").await;
    post(&page, format!("show=1&pass={others}"))
        .await
        .expect(410);
    post(&page, "f.apiKey=simulated-api-key".to_owned())
        .await
        .expect(410);
    let typed = format!("f.apiKey=simulated-api-key&pass={pass}");
    let submitted = post(&page, typed).await.expect(200).text();
    assert_eq!(relayed(&submitted), (page.clone(), pass.clone()));
    let shown = post(&page, format!("show=1&pass={pass}")).await;
    assert!(shown.expect(200).text().contains("Connected"), "{shown:?}");
    let token = world.customer("c-1");
    world.get("/connections/api-key", &token).await.expect(200);
    // It goes on where the visit was open for too long, too.
    let (page, pass) = enter("c-3").await;
    world.clock.advance(SignedDuration::from_mins(31));
    let late = post(&page, format!("show=1&pass={pass}")).await;
    let resume = resume_of(&late.expect(410).text()).unwrap();
    post(&resume, format!("pass={others}")).await.expect(410);
    let back = post(&resume, format!("pass={pass}"))
        .await
        .expect(200)
        .text();
    assert_eq!(relayed(&back), (page, pass));
}

#[tokio::test]
async fn what_stays_in_a_frame_is_not_taken_for_a_window() {
    let world = world().await;
    let connector = json!({
        "key": "oauth2",
        "name": "oauth2",
        "type": "oauth2",
        "getOAuthConfig": {"type": "mapping", "mapping": {
            "clientId": "c",
            "authorizeUri": "https://id.example.com/authorize",
            "tokenUri": "https://id.example.com/token",
        }},
        "makeApiClient": {"type": "mapping", "mapping": {"baseUri": "https://api.example.com"}},
    });
    world.install(connector).await;
    let token = world.customer("c-1");
    let path = format!("/embed/integrations/oauth2/connect?token={token}&requestId=r-1");
    let entered = framed(&world, Method::GET, &path, String::new()).await;
    let (page, pass) = relayed(&entered.expect(200).text());
    let shown = framed(&world, Method::POST, &page, format!("show=1&pass={pass}")).await;
    let shown = shown.expect(200).text();
    let (_, rest) = shown.split_once(r#"name="ticket" value=""#).unwrap();
    let (ticket, _) = rest.split_once('"').unwrap();
    let cancel = format!("ticket={ticket}&pass={pass}&cancel=1");
    let cancelled = framed(&world, Method::POST, &page, cancel).await;
    assert_eq!(relayed(&cancelled.expect(200).text()), (page, pass));
}

#[tokio::test]
async fn whoever_keeps_cookies_does_without_a_pass() {
    let world = world().await;
    let mut browser = browser(&world);
    let page = browser.begin("c-1").await;
    let shown = browser.get(&page).await;
    assert!(!shown.expect(200).text().contains("data-pass"));
    // A relay that finds the cookie leads to the page as it is everywhere else.
    let shown = browser.go(Method::POST, &page, "show=1&pass=any").await;
    assert_eq!(shown.expect(303).header("location"), Some(page.as_str()));
}

#[tokio::test]
async fn a_visit_connects_for_its_customer_alone_whatever_is_submitted() {
    let world = world().await;
    let mut browser = browser(&world);
    let page = browser.begin("c-1").await;
    let typed = "f.apiKey=simulated-api-key&customerId=c-2&integrationKey=other";
    browser.go(Method::POST, &page, typed).await.expect(303);
    let shown = browser.get(&page).await;
    assert!(shown.expect(200).text().contains("Connected"), "{shown:?}");
    let of = async |customer| {
        let token = world.customer(customer);
        world.get("/connections/api-key", &token).await.status
    };
    assert_eq!(of("c-1").await, 200);
    assert_eq!(of("c-2").await, 404);
}

#[tokio::test]
async fn a_customer_who_was_changed_goes_on_and_one_who_was_archived_does_not() {
    let world = world().await;
    let mut browser = browser(&world);
    let page = browser.begin("c-1").await;
    let token = world.customer("c-1");
    let change = json!({ "name": "Ada" });
    world.patch("/self", &token, change).await.expect(200);
    browser.get(&page).await.expect(200);
    let id = world.get("/self", &token).await.json()["id"].clone();
    let path = format!("/customers/{}", id.as_str().unwrap());
    let deleted = world.delete(&path, &world.admin()).await;
    assert!(deleted.status.is_success(), "{}", deleted.text());
    let shown = browser.get(&page).await;
    assert!(!shown.status.is_success(), "{}", shown.text());
}

#[tokio::test]
async fn a_form_that_is_too_large_is_not_read() {
    let world = world().await;
    let mut browser = browser(&world);
    let page = browser.begin("c-1").await;
    let large: &'static str = Box::leak("f.apiKey=a".repeat(30_000).into_boxed_str());
    browser.go(Method::POST, &page, large).await.expect(413);
    let many: &'static str = Box::leak("a&".repeat(5_000).into_boxed_str());
    let looking = page.replace("/connect/", "/look/");
    let resume = page.replace("/connect/", "/resume/");
    for path in [&page, &format!("{page}/progress"), &looking, &resume] {
        let answer = browser.go(Method::POST, path, many).await;
        assert_eq!(answer.status, 413, "{path}");
    }
    browser.get(&page).await.expect(200);
}

#[tokio::test]
async fn one_customer_has_few_pages_open_and_takes_none_from_another() {
    let world = world().await;
    let mut other = browser(&world);
    let kept = other.begin("c-2").await;
    let mut first = browser(&world);
    let oldest = first.begin("c-1").await;
    world.clock.advance(SignedDuration::from_secs(1));
    for _ in 0..16 {
        browser(&world).begin("c-1").await;
    }
    first.get(&oldest).await.expect(410);
    other.get(&kept).await.expect(200);
}

#[tokio::test]
async fn ids_and_payloads_that_would_fill_memory_are_refused() {
    let world = world().await;
    let token = world.customer("c-1");
    let id = "r".repeat(129);
    let path = format!("/embed/integrations/api-key/connect?token={token}&requestId={id}");
    let shown = browser(&world).get(&path).await;
    assert!(shown.expect(400).text().contains("128 characters"));
    let listening = world.get(&format!("/sse/connection-events/{id}"), "").await;
    listening.expect_error(400, "bad_request", None);
    let large = format!("payload={}", "x".repeat(300_000));
    let large: &'static str = Box::leak(large.into_boxed_str());
    browser(&world)
        .go(Method::POST, "/connect", large)
        .await
        .expect(413);
}
