//! Requests: `fetch`, `axios` and the API clients.

use authbridge_script::{
    Call, ClientBody, ClientData, ClientResponse, HostError, Redirect, ResponseType, ScriptError,
};
use serde_json::{Value, json};

use crate::support::{TestHost, call, compiled, response, run_with, sandbox};

fn body_text(bytes: Option<&bytes::Bytes>) -> String {
    String::from_utf8(bytes.expect("a body").to_vec()).unwrap()
}

async fn on(host: &TestHost, body: &str) -> Value {
    run_with(body, json!({}), host)
        .await
        .result
        .expect("it succeeds")
        .expect("it returns something")
}

async fn on_client(host: &TestHost, body: &str) -> Result<Option<Value>, ScriptError> {
    let sandbox = sandbox();
    let program = compiled(&sandbox, body).await;
    let clients = vec!["apiClient".to_owned(), "externalApiClient".to_owned()];
    sandbox
        .call(
            &program,
            Call {
                argument: json!({}),
                clients,
                ..call()
            },
            host,
        )
        .await
        .result
}

#[tokio::test]
async fn fetch_sends_and_receives() {
    let host = TestHost::fetching(|_| Ok(response(201, "application/json", "{\"id\":7}")));
    let found = on(
        &host,
        "const response = await fetch('https://api.example.com/x?y=1', { method: 'post', headers: { 'X-A': '1' }, body: new URLSearchParams({ a: 'b c' }), redirect: 'manual' });
        const copy = response.clone();
        const data = await response.json();
        let twice;
        try { await response.text() } catch (error) { twice = error.name }
        return [response.ok, response.status, response.url, response.redirected, response.headers.get('CONTENT-TYPE'), data, await copy.text(), twice, response.bodyUsed]",
    )
    .await;
    assert_eq!(
        found,
        json!([true, 201, "https://api.example.com/final", true, "application/json", {"id": 7}, "{\"id\":7}", "TypeError", true]),
    );
    let fetched = host.fetched.lock().unwrap();
    assert_eq!(
        (fetched[0].method.as_str(), fetched[0].url.as_str()),
        ("POST", "https://api.example.com/x?y=1")
    );
    assert_eq!(fetched[0].redirect, Redirect::Manual);
    assert_eq!(body_text(fetched[0].body.as_ref()), "a=b+c");
    let expected = [
        (
            "content-type",
            "application/x-www-form-urlencoded;charset=UTF-8",
        ),
        ("x-a", "1"),
    ];
    let headers: Vec<_> = fetched[0]
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn fetch_has_bodies_of_all_kinds() {
    let host =
        TestHost::fetching(|_| Ok(response(200, "application/octet-stream", vec![0, 255, 128])));
    let found = on(
        &host,
        "const form = new FormData();
        form.append('a', '1');
        form.append('file', new Blob(['hello'], { type: 'text/plain' }), 'f.txt');
        const bytes = await (await fetch('https://a.example', { method: 'POST', body: form })).arrayBuffer();
        const pieces = [];
        for await (const piece of (await fetch('https://a.example', { method: 'PUT', body: Buffer.from([1, 2]) })).body) pieces.push(...piece);
        const request = new Request('https://a.example', { method: 'POST', body: 'text' });
        const blob = await (await fetch(request)).blob();
        return [[...new Uint8Array(bytes)], pieces, blob.size]",
    )
    .await;
    assert_eq!(found, json!([[0, 255, 128], [0, 255, 128], 3]));
    let fetched = host.fetched.lock().unwrap();
    let form = body_text(fetched[0].body.as_ref());
    assert!(
        form.contains(
            "name=\"file\"; filename=\"f.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        ),
        "{form}"
    );
    assert!(
        fetched[0].headers[0]
            .1
            .starts_with("multipart/form-data; boundary=")
    );
    assert_eq!(fetched[1].body.as_deref(), Some(&[1, 2][..]));
    assert_eq!(body_text(fetched[2].body.as_ref()), "text");
}

#[tokio::test]
async fn fetch_fails_as_on_the_web() {
    let host = TestHost::fetching(|request| {
        if request.url.contains("blocked") {
            return Err(HostError {
                request_blocked: true,
                ..HostError::network("not an allowed host")
            });
        }
        Err(HostError::network("connection refused"))
    });
    let found = on(
        &host,
        "const why = promise => promise.then(() => 'succeeded', error => [error.name, error.message]);
        return [await why(fetch('https://a.example')), await why(fetch('nonsense')), await why(fetch('file:///etc/passwd')), await why(fetch('https://a.example', { method: 'GET', body: 'x' })), await why(fetch('https://a.example', { signal: AbortSignal.abort() }))]",
    )
    .await;
    assert_eq!(found[0], json!(["TypeError", "connection refused"]));
    assert_eq!(found[1][0], "TypeError");
    assert_eq!(
        found[2],
        json!(["TypeError", "fetch failed: file: is no scheme for requests"])
    );
    assert_eq!(
        found[3][1],
        "Request with GET/HEAD method cannot have body."
    );
    assert_eq!(found[4][0], "AbortError");
    for code in [
        "await fetch('https://blocked.example')",
        "await require('axios').get('https://blocked.example')",
    ] {
        let result = run_with(code, json!({}), &host).await.result;
        let Err(ScriptError::Thrown(thrown)) = result else {
            panic!("{result:?}")
        };
        assert!(
            thrown.request_blocked || thrown.cause.is_some_and(|cause| cause.request_blocked),
            "{code}"
        );
    }
}

#[tokio::test]
async fn a_slow_request_can_be_aborted() {
    let mut host = TestHost::fetching(|_| Ok(response(200, "text/plain", "late")));
    host.delay = std::time::Duration::from_mins(10);
    let found = on(
        &host,
        "const why = promise => promise.then(() => 'succeeded', error => [error.name, error.code]);
        return [await why(fetch('https://a.example', { signal: AbortSignal.timeout(5) })), await why(require('axios').get('https://a.example', { timeout: 5 }))]",
    )
    .await;
    assert_eq!(found[0][0], "TimeoutError");
    assert_eq!(found[1], json!(["AxiosError", "ECONNABORTED"]));
}

#[tokio::test]
async fn axios_sends_what_it_is_told() {
    let host = TestHost::fetching(|_| Ok(response(200, "application/json", "{\"ok\":true}")));
    let found = on(
        &host,
        "const axios = require('axios');
        const api = axios.create({ baseURL: 'https://api.example.com/v1/', headers: { 'X-Default': 'd' }, params: { key: 'k' } });
        api.interceptors.request.use(config => { config.headers.set('X-Intercepted', 'yes'); return config });
        api.interceptors.response.use(response => ({ ...response, intercepted: true }));
        const first = await api.post('/items', { name: 'ä' }, { params: { tags: ['a', 'b'], when: new Date(0), none: null } });
        await axios({ url: 'https://a.example/form', method: 'POST', data: { x: 1, y: 'z' }, headers: { 'content-type': 'application/x-www-form-urlencoded' }, auth: { username: 'u', password: 'p' } });
        await axios.get('https://a.example/p', { params: { a: 'b c', l: [1, 2] }, paramsSerializer: { indexes: null }, maxRedirects: 0 });
        await axios.post('https://a.example/raw', 'a=b');
        await axios.put('https://a.example/bytes', Buffer.from([1, 2, 3]), { headers: { 'Content-Type': 'application/pdf' } });
        await axios.delete('https://a.example/d', { data: { reason: 'x' } });
        await axios('https://a.example/t', { paramsSerializer: params => 'custom=' + params.q, params: { q: 1 } });
        return [first.status, first.data, first.intercepted, first.headers['content-type'], first.config.method, api.getUri({ url: 'x' })]",
    )
    .await;
    assert_eq!(
        found,
        json!([200, {"ok": true}, true, "application/json", "post", "https://api.example.com/v1/x?key=k"])
    );
    let fetched = host.fetched.lock().unwrap();
    let header = |index: usize, name: &str| {
        let headers = &fetched[index].headers;
        headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
    };
    assert_eq!(
        fetched[0].url,
        "https://api.example.com/v1/items?key=k&tags[]=a&tags[]=b&when=1970-01-01T00:00:00.000Z"
    );
    assert_eq!(body_text(fetched[0].body.as_ref()), "{\"name\":\"ä\"}");
    assert_eq!(
        header(0, "content-type").as_deref(),
        Some("application/json")
    );
    assert_eq!(
        (header(0, "x-default"), header(0, "x-intercepted")),
        (Some("d".to_owned()), Some("yes".to_owned()))
    );
    assert_eq!(
        header(0, "accept").as_deref(),
        Some("application/json, text/plain, */*")
    );
    assert_eq!(body_text(fetched[1].body.as_ref()), "x=1&y=z");
    assert_eq!(header(1, "authorization").as_deref(), Some("Basic dTpw"));
    assert_eq!(fetched[2].url, "https://a.example/p?a=b+c&l=1&l=2");
    assert_eq!(
        (fetched[2].redirect, fetched[2].body.as_ref()),
        (Redirect::Manual, None)
    );
    assert_eq!(
        header(3, "content-type").as_deref(),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(
        (fetched[4].body.as_deref(), header(4, "content-type")),
        (Some(&[1, 2, 3][..]), Some("application/pdf".to_owned()))
    );
    assert_eq!(body_text(fetched[5].body.as_ref()), "{\"reason\":\"x\"}");
    assert_eq!(fetched[6].url, "https://a.example/t?custom=1");
}

#[tokio::test]
async fn axios_receives_in_all_types_and_throws_its_errors() {
    let host = TestHost::fetching(|request| {
        let status = if request.url.ends_with("/missing") {
            404
        } else {
            200
        };
        Ok(response(status, "application/json", "{\"a\":[1]}"))
    });
    let found = on(
        &host,
        "const axios = require('axios');
        const get = (path, config) => axios.get('https://a.example' + path, config);
        const text = [];
        const stream = (await get('/s', { responseType: 'stream' })).data;
        await new Promise(resolve => stream.on('data', piece => text.push(piece.toString())).on('end', resolve));
        const error = await get('/missing').catch(error => error);
        return [(await get('/')).data, (await get('/', { responseType: 'text' })).data, (await get('/', { responseType: 'arraybuffer' })).data.toString(), text.join(''),
            [axios.isAxiosError(error), error instanceof axios.AxiosError, error.name, error.message, error.code, error.response.status, error.response.data, error.config.url],
            (await get('/missing', { validateStatus: () => true })).status, (await get('/', { transformResponse: [data => data.length] })).data]",
    )
    .await;
    let expected = json!([
        {"a": [1]}, "{\"a\":[1]}", "{\"a\":[1]}", "{\"a\":[1]}",
        [true, true, "AxiosError", "Request failed with status code 404", "ERR_BAD_REQUEST", 404, {"a": [1]}, "https://a.example/missing"],
        404, 9
    ]);
    assert_eq!(found, expected);
    let result = run_with(
        "await require('axios').get('https://a.example/missing')",
        json!({}),
        &host,
    )
    .await
    .result;
    let Err(ScriptError::Thrown(thrown)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(
        (thrown.name.as_str(), thrown.status, thrown.key.as_deref()),
        ("AxiosError", Some(404), Some("ERR_BAD_REQUEST"))
    );
}

fn json_response(data: Value) -> ClientResponse {
    ClientResponse {
        status: 200,
        headers: vec![("X-H".to_owned(), "1".to_owned())],
        data: ClientData::Json(data),
    }
}

#[tokio::test]
async fn api_clients_put_requests_into_words() {
    let host = TestHost::client(|_, _| Ok(json_response(json!({"id": 7}))));
    let found = on_client(
        &host,
        "const { apiClient, externalApiClient } = input;
        const body = await apiClient.get('/me', { expand: ['a', 'b'] }, { headers: { 'X-A': '1' } });
        await externalApiClient.post('/items', { name: 'n' }, { query: { q: 1 }, auth: { username: 'u', password: 'p' }, timeout: 1500 });
        await apiClient.put('/raw', Buffer.from([1, 2]));
        await apiClient.patch('https://other.example/x', new URLSearchParams({ a: 'b' }), { baseUri: 'https://base.example' });
        await apiClient.delete('/items/1');
        await apiClient.post('/null', null);
        const full = await apiClient.makeApiRequest({ path: '/full', method: 'post', data: { x: 1 }, returnFullResponse: true });
        return [body, full]",
    )
    .await;
    let full =
        json!({"data": {"id": 7}, "status": 200, "statusCode": 200, "headers": {"x-h": "1"}});
    assert_eq!(found, Ok(Some(json!([{"id": 7}, full]))));
    let requested = host.requested.lock().unwrap();
    let (client, get) = &requested[0];
    assert_eq!(
        (client.as_str(), get.method.as_str(), get.path.as_str()),
        ("apiClient", "GET", "/me")
    );
    assert_eq!(
        (&get.query, &get.headers, &get.data),
        (
            &json!({"expand": ["a", "b"]}),
            &json!({"X-A": "1"}),
            &ClientBody::None
        )
    );
    let (client, post) = &requested[1];
    assert_eq!(
        (client.as_str(), &post.data, &post.query),
        (
            "externalApiClient",
            &ClientBody::Json(json!({"name": "n"})),
            &json!({"q": 1})
        )
    );
    assert_eq!(post.auth, Some(json!({"username": "u", "password": "p"})));
    assert_eq!(post.timeout, Some(std::time::Duration::from_millis(1500)));
    assert_eq!(
        requested[2].1.data,
        ClientBody::Bytes {
            bytes: vec![1, 2].into(),
            content_type: None
        }
    );
    let form = ClientBody::Bytes {
        bytes: "a=b".into(),
        content_type: Some("application/x-www-form-urlencoded;charset=UTF-8".to_owned()),
    };
    assert_eq!(
        (&requested[3].1.data, requested[3].1.base_uri.as_deref()),
        (&form, Some("https://base.example"))
    );
    assert_eq!(
        (requested[4].1.method.as_str(), &requested[4].1.data),
        ("DELETE", &ClientBody::None)
    );
    assert_eq!(requested[5].1.data, ClientBody::Json(Value::Null));
}

#[tokio::test]
async fn api_clients_return_bytes_and_streams() {
    let host = TestHost::client(|_, request| {
        assert!(matches!(
            request.response_type,
            ResponseType::ArrayBuffer | ResponseType::Stream
        ));
        Ok(ClientResponse {
            status: 200,
            headers: Vec::new(),
            data: ClientData::Bytes("hello".into()),
        })
    });
    let found = on_client(
        &host,
        "const bytes = await input.apiClient.get('/b', {}, { responseType: 'arraybuffer' });
        const stream = await input.apiClient.get('/s', {}, { responseType: 'stream' });
        const pieces = [];
        for await (const piece of stream) pieces.push(piece.toString());
        const sink = { all: '', write(piece) { this.all += piece }, end() { this.done = true } };
        (await input.apiClient.get('/s', {}, { responseType: 'stream' })).pipe(sink);
        await new Promise(resolve => setTimeout(resolve, 2));
        return [Buffer.isBuffer(bytes), bytes.toString(), pieces, sink.all, sink.done, await (await input.apiClient.get('/s', {}, { responseType: 'stream' })).text()]",
    )
    .await;
    assert_eq!(
        found,
        Ok(Some(json!([
            true,
            "hello",
            ["hello"],
            "hello",
            true,
            "hello"
        ])))
    );
}

#[tokio::test]
async fn errors_of_api_clients_are_the_sdks() {
    let host = TestHost::client(|_, _| {
        Err(HostError {
            class: "ConnectionError".to_owned(),
            kind: Some("connection".to_owned()),
            key: Some("access_token_expired".to_owned()),
            message: "the token has expired".to_owned(),
            data: Some(json!({"response": {"status": 401}})),
            response: Some(Box::new(json_response(json!({"error": "expired"})))),
            request_blocked: false,
        })
    });
    let found = on_client(
        &host,
        "const { ConnectionError, IntegrationAppError, ConnectionErrorKey, isIntegrationAppError } = require('@integration-app/sdk');
        const error = await input.apiClient.get('/me').catch(error => error);
        return [error instanceof ConnectionError, error instanceof IntegrationAppError, error instanceof Error, error.message, error.type, error.key === ConnectionErrorKey.ACCESS_TOKEN_EXPIRED, error.data.key, error.data.data, error.response.data, isIntegrationAppError(error)]",
    )
    .await;
    let expected = json!([
        true, true, true, "the token has expired", "connection", true, "access_token_expired",
        {"response": {"status": 401}}, {"error": "expired"}, true
    ]);
    assert_eq!(found, Ok(Some(expected)));
    let Err(ScriptError::Thrown(thrown)) =
        on_client(&host, "await input.apiClient.get('/me')").await
    else {
        panic!()
    };
    assert_eq!(
        (thrown.name.as_str(), thrown.kind.as_deref()),
        ("ConnectionError", Some("connection"))
    );
    assert_eq!(
        (thrown.key.as_deref(), thrown.data),
        (
            Some("access_token_expired"),
            Some(json!({"response": {"status": 401}}))
        )
    );
}

/// What a body that may use `RestApiClient` returns.
async fn rest_client(host: &TestHost, body: &str) -> Value {
    let import = "const { RestApiClient } = require('@integration-app/connector-sdk');";
    on(host, &format!("{import}{body}")).await
}

#[tokio::test]
async fn a_client_of_options_is_returned_as_its_options() {
    let found = rest_client(
        &TestHost::default(),
        "class Mine extends RestApiClient { extra() {} }
        const options = { baseUri: 'https://a.example', headers: { A: 'b' }, dynamicOptions: () => ({}) };
        return [new RestApiClient(options), new Mine(options)]",
    )
    .await;
    let function = json!({"$function": true});
    let plain = json!({
        "baseUri": "https://a.example", "headers": {"A": "b"}, "dynamicOptions": function,
    });
    assert_eq!(found[0], plain);
    let mut with_extra = plain;
    with_extra["extra"] = function;
    assert_eq!(found[1], with_extra);
}

#[tokio::test]
async fn a_client_that_overrides_a_method_is_returned_with_all_of_them() {
    let found = rest_client(
        &TestHost::default(),
        "class Mine extends RestApiClient { async get() {} }
        const own = new RestApiClient({ baseUri: 'https://a.example' });
        own.post = () => {};
        return [new Mine({ baseUri: 'https://a.example' }), own]",
    )
    .await;
    for client in [&found[0], &found[1]] {
        for name in ["get", "post", "put", "patch", "delete", "makeApiRequest"] {
            assert_eq!(client[name], json!({"$function": true}), "{name}");
        }
    }
}

#[tokio::test]
async fn requests_of_a_client_that_the_script_made_go_to_the_host_with_its_options() {
    let host = TestHost::client(|name, request| {
        assert_eq!(name, "");
        Ok(ClientResponse {
            status: 200,
            headers: Vec::new(),
            data: ClientData::Json(request.options.clone().unwrap_or_default()),
        })
    });
    let found = rest_client(
        &host,
        "class Mine extends RestApiClient { async get(...a) { return { wrapped: await super.get(...a) } } }
        const handlers = [{ match: { $var: 'response.data.error' } }];
        const client = new Mine({ baseUri: 'https://a.example', headers: { A: 'b' }, responseHandlers: handlers,
            dynamicOptions: ({ path, method }) => ({ headers: { S: `${method} ${path}` } }) });
        return client.get('x', { q: 1 }, { returnFullResponse: true })",
    )
    .await;
    let options = json!({
        "baseUri": "https://a.example", "headers": {"A": "b", "S": "GET /x"},
        "responseHandlers": [{"match": {"$var": "response.data.error"}}],
        "query": {}, "overrides": [],
    });
    assert_eq!(found["wrapped"]["data"], options);
    assert_eq!(found["wrapped"]["status"], 200);
    let requested = host.requested.lock().unwrap();
    assert_eq!(requested[0].1.query, json!({"q": 1}));
    assert!(requested[0].1.full_response);
}
