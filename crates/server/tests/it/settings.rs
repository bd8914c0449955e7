//! What a workspace's owner decides about connect pages.

use authbridge_engine::egress::Policy;
use http::Request;
use http_body_util::Full;
use serde_json::json;

use crate::support::{Answer, Setup, World, api_key_connector};

#[tokio::test]
async fn settings_are_merged_and_told_to_admins_only() {
    let world = World::new().await;
    let admin = world.admin();
    let body = json!({ "name": "Acme", "settings": {
        "embeddingOrigins": ["https://App.example.com/"], "brandColor": "#0A7" } });
    let changed = world
        .patch("/workspace", &admin, body)
        .await
        .expect(200)
        .json();
    assert_eq!(changed["name"], "Acme");
    let body =
        json!({ "settings": { "brandColor": null, "redirectUris": ["https://a.example/*"] } });
    world.patch("/workspace", &admin, body).await.expect(200);
    let read = world.get("/workspace", &admin).await.expect(200).json();
    let expected = json!({ "embeddingOrigins": ["https://app.example.com"],
        "redirectUris": ["https://a.example/*"] });
    assert_eq!(read["settings"], expected);
    assert_eq!(read["name"], "Acme");
    let id = read["id"].as_str().unwrap();
    assert_eq!(
        world.audited(id).await,
        ["workspace.changed", "workspace.changed"]
    );

    let customer = world.customer("ada");
    let denied = Some("access_denied");
    let answer = world.get("/workspace", &customer).await;
    answer.expect_error(403, "bad_request", denied);
    let answer = world
        .patch("/workspace", &customer, json!({ "name": "Mine" }))
        .await;
    answer.expect_error(403, "bad_request", denied);
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_refused_and_change_nothing() {
    let world = World::new().await;
    let admin = world.admin();
    for (settings, said) in [
        (json!({ "embedingOrigins": [] }), "embeddingOrigins"),
        (json!({ "embeddingOrigins": ["*"] }), "not an origin"),
        (
            json!({ "redirectUris": ["javascript:alert(1)"] }),
            "not an address",
        ),
        (json!({ "brandColor": "red;}" }), "not a colour"),
        (
            json!({ "logoUri": "data:text/html;base64,AAAA" }),
            "no address of a picture",
        ),
        (json!([]), "must be an object"),
    ] {
        let body = json!({ "name": "Changed", "settings": settings });
        let answer = world.patch("/workspace", &admin, body).await;
        let error = answer.expect_error(400, "bad_request", None);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(said), "{message}");
    }
    let read = world.get("/workspace", &admin).await.json();
    assert_eq!(
        (&read["name"], &read["settings"]),
        (&json!(null), &json!({}))
    );
}

#[tokio::test]
async fn a_logo_comes_from_this_server() {
    let world = World::new().await;
    let admin = world.admin();
    let read = world.get("/workspace", &admin).await.json();
    let path = format!("/embed/logos/{}", read["id"].as_str().unwrap());
    world
        .get(&path, "")
        .await
        .expect_error(404, "bad_request", Some("not_found"));
    let logo = "data:image/svg+xml;base64,PHN2Zy8+";
    let body = json!({ "settings": { "logoUri": logo } });
    world.patch("/workspace", &admin, body).await.expect(200);
    let answer = world.get(&path, "").await;
    assert_eq!(answer.expect(200).text(), "<svg/>");
    assert_eq!(answer.header("content-type"), Some("image/svg+xml"));
    assert!(
        answer
            .header("content-security-policy")
            .unwrap()
            .contains("sandbox")
    );
    for elsewhere in [
        "/embed/logos/ws_1",
        "/embed/logos/x/y",
        &format!("{path}/int_1"),
    ] {
        world
            .get(elsewhere, "")
            .await
            .expect_error(404, "bad_request", Some("not_found"));
    }
}

#[tokio::test]
async fn the_logo_of_an_integration_is_fetched_for_browsers_and_only_pictures_are() {
    let world = World::new().await;
    let base = world.provider.base_uri().to_owned();
    let mut connector = api_key_connector("api-key", &base);
    connector["logoUri"] = json!(format!("{base}/logo.svg"));
    world.install(connector).await;
    let mut page = api_key_connector("page", &base);
    page["logoUri"] = json!(format!("{base}/me"));
    world.install(page).await;
    let admin = world.admin();
    let workspace = world.get("/workspace", &admin).await.json();
    let path = |integration: &serde_json::Value| {
        let ids = [&workspace["id"], &integration["id"]].map(|id| id.as_str().unwrap());
        format!("/embed/logos/{}/{}", ids[0], ids[1])
    };
    let integration = world.get("/integrations/api-key", &admin).await.json();
    let answer = world.get(&path(&integration), "").await;
    assert_eq!(
        answer.expect(200).header("content-type"),
        Some("image/svg+xml")
    );
    assert!(answer.text().starts_with("<svg"));
    // What is no picture is not passed on, whatever it is called.
    let integration = world.get("/integrations/page", &admin).await.json();
    world.get(&path(&integration), "").await.expect(404);
}

#[tokio::test]
async fn a_logo_is_fetched_under_the_same_rules_as_everything() {
    let setup = Setup {
        policy: Policy::default(),
        ..Setup::default()
    };
    let world = World::with(setup).await;
    let admin = world.admin();
    let uri = format!("{}/logo.svg", world.provider.base_uri());
    let body = json!({ "settings": { "logoUri": uri } });
    let changed = world
        .patch("/workspace", &admin, body)
        .await
        .expect(200)
        .json();
    let path = format!("/embed/logos/{}", changed["id"].as_str().unwrap());
    world
        .get(&path, "")
        .await
        .expect_error(404, "bad_request", Some("not_found"));
    assert!(
        !world
            .provider
            .seen()
            .iter()
            .any(|seen| seen.path_and_query == "/logo.svg")
    );
}

/// A server that is not for development, with an integration.
async fn production() -> World {
    let setup = Setup {
        policy: Policy::default(),
        ..Setup::default()
    };
    let world = World::with(setup).await;
    world
        .install(api_key_connector("api-key", "https://api.example.com"))
        .await;
    world
}

/// The page on which `customer` connects.
async fn connect_page(world: &World, query: &str) -> Answer {
    let token = world.customer("ada");
    let path = format!("/embed/integrations/api-key/connect?token={token}{query}");
    let host = world.address.to_string();
    let request = Request::get(path).header("host", &host);
    let answer = world.send(request.body(Full::default()).unwrap()).await;
    let Some(location) = answer.header("location") else {
        return answer;
    };
    let (cookie, _) = answer
        .header("set-cookie")
        .unwrap()
        .split_once(';')
        .unwrap();
    let request = Request::get(location)
        .header("host", host)
        .header("cookie", cookie);
    world.send(request.body(Full::default()).unwrap()).await
}

#[tokio::test]
async fn pages_are_embedded_by_those_whom_the_workspace_names() {
    let world = production().await;
    let page = connect_page(&world, "").await;
    let policy = page.expect(200).header("content-security-policy").unwrap();
    assert!(policy.ends_with("; frame-ancestors 'none'"), "{policy}");
    assert!(page.text().contains(r#"data-targets="""#));
    let origins = json!(["https://app.example.com", "https://*.example.org"]);
    let body = json!({ "settings": { "embeddingOrigins": origins } });
    world
        .patch("/workspace", &world.admin(), body)
        .await
        .expect(200);
    let page = connect_page(&world, "").await;
    let policy = page.expect(200).header("content-security-policy").unwrap();
    let expected = "; frame-ancestors https://app.example.com https://*.example.org";
    assert!(policy.ends_with(expected), "{policy}");
    assert!(
        page.text()
            .contains(r#"data-targets="https://app.example.com""#)
    );
}

#[tokio::test]
async fn on_a_developers_machine_anybody_embeds() {
    let world = World::new().await;
    let base = world.provider.base_uri().to_owned();
    world.install(api_key_connector("api-key", &base)).await;
    let page = connect_page(&world, "&redirectUri=https://anywhere.test/").await;
    let policy = page.expect(200).header("content-security-policy").unwrap();
    assert!(!policy.contains("frame-ancestors"), "{policy}");
    assert!(page.text().contains(r#"data-targets="*""#));
}

#[tokio::test]
async fn browsers_are_sent_where_the_workspace_allows() {
    let world = production().await;
    let (admin, customer) = (world.admin(), world.customer("ada"));
    let wanted = "https://app.example.com/done?flow=1";
    let query = format!("&redirectUri={wanted}");
    let link = format!("/connect?integrationKey=api-key&token={customer}{query}");
    let request = json!({ "integrationKey": "api-key", "redirectUri": wanted });
    let said = "does not allow browsers to be sent to `https://app.example.com/done`";
    for refused in [
        connect_page(&world, &query).await,
        world.get(&link, "").await,
        world
            .post("/connection-requests", &customer, request.clone())
            .await,
    ] {
        assert!(
            refused.text().replace("&#39;", "'").contains(said),
            "{}",
            refused.text()
        );
        assert!(refused.header("location").is_none());
    }
    let local = connect_page(&world, "&redirectUri=http://127.0.0.1:5000/").await;
    local.expect(200);
    let body = json!({ "settings": { "redirectUris": ["https://app.example.com/done"] } });
    world.patch("/workspace", &admin, body).await.expect(200);
    connect_page(&world, &query).await.expect(200);
    world
        .post("/connection-requests", &customer, request)
        .await
        .expect(201);
}

#[tokio::test]
async fn pages_carry_name_logo_and_colour() {
    let world = production().await;
    let logo = "data:image/svg+xml;base64,PHN2Zy8+";
    let body =
        json!({ "name": "Acme <b>", "settings": { "brandColor": "#0a7d5a", "logoUri": logo } });
    let changed = world
        .patch("/workspace", &world.admin(), body)
        .await
        .expect(200)
        .json();
    let page = connect_page(&world, "").await.expect(200).text();
    assert!(page.contains("Acme &lt;b&gt;"), "{page}");
    let source = format!("/embed/logos/{}", changed["id"].as_str().unwrap());
    assert!(page.contains(&source), "{page}");
    assert!(page.contains("--accent: #0a7d5a;"), "{page}");
}
