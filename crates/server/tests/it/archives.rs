//! Connectors as archives and single files.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::support::{World, api_key_connector};

/// An archive with one stored file, put together by hand.
fn zip(path: &str, content: &str) -> Vec<u8> {
    let crc = crc32(content.as_bytes());
    let name = u16::try_from(path.len()).unwrap().to_le_bytes();
    let size = u32::try_from(content.len()).unwrap().to_le_bytes();
    let common = [
        &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &crc.to_le_bytes(),
        &size,
        &size,
        &name,
    ]
    .concat();
    let local = [
        b"PK\x03\x04",
        &common[..],
        &[0, 0],
        path.as_bytes(),
        content.as_bytes(),
    ]
    .concat();
    // Extra and comment lengths, disk, attributes and offset are all zero.
    let central = [
        b"PK\x01\x02\x14\x00",
        &common[..],
        &[0; 16],
        path.as_bytes(),
    ]
    .concat();
    let length = u32::try_from(central.len()).unwrap().to_le_bytes();
    let offset = u32::try_from(local.len()).unwrap().to_le_bytes();
    let end = [
        b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00",
        &length[..],
        &offset,
        &[0, 0],
    ]
    .concat();
    [local, central, end].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        }
    }
    !crc
}

async fn upload(world: &World, path: &str, archive: &[u8], version: Option<&str>) -> (u16, Value) {
    let mut body =
        b"--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"file.zip\"\r\n\
        content-type: application/zip\r\n\r\n"
            .to_vec();
    body.extend_from_slice(archive);
    if let Some(version) = version {
        let part = "\r\n--x\r\ncontent-disposition: form-data; name=\"version\"\r\n\r\n";
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(version.as_bytes());
    }
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "authbridge.test")
        .header("authorization", format!("Bearer {}", world.admin()))
        .header("content-type", "multipart/form-data; boundary=x");
    let answer = world
        .send(request.body(Full::from(Bytes::from(body))).unwrap())
        .await;
    (answer.status.as_u16(), answer.json())
}

async fn registered() -> World {
    let world = World::new().await;
    let body = json!({
        "id": "old", "key": "crm", "name": "The CRM", "workspaceId": "ws_1",
        "auth": {"type": "client-credentials", "makeApiClient": {"implementationType": "mapping"}},
    });
    world
        .post("/connectors", &world.admin(), body)
        .await
        .expect(201);
    world
}

fn definition(world: &World) -> String {
    let mut definition = api_key_connector("crm", world.provider.base_uri());
    definition.as_object_mut().unwrap().remove("key");
    definition.as_object_mut().unwrap().remove("name");
    definition.to_string()
}

#[tokio::test]
async fn a_connector_is_registered_uploaded_published_and_downloaded() {
    let world = registered().await;
    let admin = world.admin();
    let archive = zip("spec.json", &definition(&world));
    let (status, uploaded) = upload(&world, "/connectors/crm/upload", &archive, None).await;
    assert_eq!(
        (status, &uploaded["name"]),
        (200, &json!("The CRM")),
        "{uploaded}"
    );
    let publish = "/connectors/crm/publish-version";
    for _ in 0..2 {
        let (status, _) = upload(&world, publish, &archive, Some("1.0.0")).await;
        assert_eq!(status, 201);
    }
    let (status, error) = upload(
        &world,
        publish,
        &zip("spec.json", &definition(&world).replace("/me", "/echo")),
        Some("1.0.0"),
    )
    .await;
    assert_eq!(status, 409, "{error}");
    let versions = world.get("/connectors/crm/versions", &admin).await.json();
    assert_eq!(versions[0]["version"], "1.0.0");
    assert_eq!(versions.as_array().unwrap().len(), 1);
    let list = world
        .get("/connectors?workspaceId=ws_1", &admin)
        .await
        .json();
    assert_eq!(list[0]["key"], "crm");
    for query in ["", "?version=1.0.0", "?version=development"] {
        let path = format!("/connectors/crm/download{query}");
        let archive = world.get(&path, &admin).await;
        assert_eq!(
            archive.expect(200).header("content-type"),
            Some("application/zip")
        );
    }
    let none = world
        .get("/connectors/crm/download?version=2.0.0", &admin)
        .await;
    none.expect(404);
    let customer = world.customer("c-1");
    world
        .get("/connectors/crm/download", &customer)
        .await
        .expect(403);
    let integration = json!({"key": "crm", "connectorId": list[0]["id"]});
    world
        .post("/integrations", &admin, integration)
        .await
        .expect(201);
    let connection = world.connect("crm", &customer).await;
    world.proxy(&connection, "/me", &customer).await.expect(200);
}

#[tokio::test]
async fn a_saved_file_is_live_even_one_after_the_other() {
    let world = registered().await;
    let admin = world.admin();
    let put = async |path: &str, text: &str| {
        let request = Request::builder()
            .method(Method::PUT)
            .uri(format!("/connectors/crm/files/{path}"))
            .header("host", "authbridge.test")
            .header("authorization", format!("Bearer {admin}"))
            .header("content-type", "text/plain");
        world
            .send(request.body(Full::from(text.to_owned())).unwrap())
            .await
    };
    let spec =
        "auth:\n  type: client-credentials\n  makeApiClient: {implementationType: mapping}\n";
    let incomplete = put("spec.yml", spec).await;
    let diagnostics = incomplete.expect(200).json()["diagnostics"].clone();
    assert!(!diagnostics.as_array().unwrap().is_empty());
    let client = format!("baseUri: {}\n", world.provider.base_uri());
    let complete = put("auth/make-api-client.map.yml", &client).await;
    let errors = complete.expect(200).json()["diagnostics"].clone();
    let errors = errors
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["severity"] == "error");
    assert_eq!(errors.count(), 0);
    put("..%2Fa.yml", "")
        .await
        .expect_error(400, "bad_request", None);
    put("%2Fetc%2Fpasswd", "")
        .await
        .expect_error(400, "bad_request", None);
    let path = "/connectors/crm/files/auth/make-api-client.map.yml";
    world.delete(path, &admin).await.expect(200);
    world.delete(path, &admin).await.expect(404);
}

#[tokio::test]
async fn files_saved_at_once_are_all_kept() {
    let world = registered().await;
    let admin = world.admin();
    let save = |number: usize| {
        let path = format!("/connectors/crm/files/docs/{number}.md");
        let admin = admin.clone();
        let world = &world;
        async move {
            world
                .call(Method::PUT, &path, &admin, Some(json!(number)))
                .await
                .expect(200)
                .status
        }
    };
    futures_util::future::join_all((0..10).map(save)).await;
    let snapshot = world.get("/workspace/elements", &admin).await.json();
    let files = snapshot["elements"][0]["files"].as_object().unwrap();
    assert_eq!(files.len(), 10);
}

#[tokio::test]
async fn archives_that_are_none_or_mean_harm_are_refused() {
    let world = registered().await;
    let path = "/connectors/crm/upload";
    for (archive, reason) in [
        (b"hello".to_vec(), "archive"),
        (zip("../spec.json", "{}"), "not a path inside"),
        (zip("/spec.json", "{}"), "not a path inside"),
        (zip("spec.json", "{"), "error"),
        (zip("notes.txt", "nothing"), "definition"),
    ] {
        let (status, error) = upload(&world, path, &archive, None).await;
        assert_eq!(status, 400);
        assert!(
            error["message"].as_str().unwrap().contains(reason),
            "{error}"
        );
    }
    let large = vec![b'x'; 21 * 1024 * 1024];
    let (status, _) = upload(&world, path, &large, None).await;
    assert_eq!(status, 413);
    let (status, _) = upload(&world, "/connectors/nobody/upload", b"", None).await;
    assert_eq!(status, 404);
}
