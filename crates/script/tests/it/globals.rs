//! What a function finds without importing anything, and the small modules.

use authbridge_script::{LogLevel, LogLine};
use serde_json::json;

use crate::support::{NOW, run, thrown, value};

#[tokio::test]
async fn buffers_work_as_in_node() {
    let found = value(
        "const b = Buffer.from('grüße €😀');
        return [b.length, b.toString('base64'), b.toString('hex').slice(0, 8), Buffer.from('Z3LDvMOfZQ==', 'base64').toString(), Buffer.from('-_8', 'base64url').toString('hex'), Buffer.from([1, 2, 3]).toString('base64url'),
            Buffer.concat([Buffer.from('a'), Buffer.from('b')]).toString(), Buffer.isBuffer(b), b instanceof Uint8Array, Buffer.byteLength('€'), Buffer.from('00ff', 'hex').readUInt16BE(0), b.equals(Buffer.from('grüße €😀')),
            Buffer.alloc(3, 'ab').toString(), Buffer.from('äö', 'latin1').toString('latin1'), Buffer.from('x'.repeat(1000)).toString('base64').length, require('buffer').Buffer === Buffer, b.slice(0, 2).toString(), JSON.stringify(Buffer.from('a')),
            Buffer.from('a b', 'utf8').toString('utf8', 2), Buffer.compare(Buffer.from('a'), Buffer.from('b')), b.indexOf('€'), Buffer.from(new Uint8Array([104, 105]).buffer).toString(), Buffer.from('hi').toString('ascii')]",
    )
    .await;
    let expected = json!([
        15,
        "Z3LDvMOfZSDigqzwn5iA",
        "6772c3bc",
        "grüße",
        "fbff",
        "AQID",
        "ab",
        true,
        true,
        3,
        255,
        true,
        "aba",
        "äö",
        1336,
        true,
        "gr",
        "{\"type\":\"Buffer\",\"data\":[97]}",
        "b",
        -1,
        8,
        "hi",
        "hi"
    ]);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn timers_can_be_promised() {
    let found = value(
        "const { promisify } = require('util');
        const begun = promisify(setTimeout)(1, 'late');
        return [await begun, await promisify(setImmediate)('soon'), typeof promisify.custom]",
    )
    .await;
    assert_eq!(found, json!(["late", "soon", "symbol"]));
}

#[tokio::test]
async fn text_is_encoded_and_decoded() {
    let found = value(
        "const bytes = new TextEncoder().encode('é😀');
        const decoder = new TextDecoder();
        let fatal;
        try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff])) } catch (error) { fatal = error.name }
        return [[...bytes], new TextDecoder().decode(bytes), decoder.decode(bytes.subarray(0, 3), { stream: true }) + decoder.decode(bytes.subarray(3)), new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 97])),
            new TextDecoder('latin1').decode(new Uint8Array([0xe9, 0x80])), new TextDecoder('utf-16le').decode(new Uint8Array([97, 0])), fatal, new TextDecoder().decode(new Uint8Array([0x61, 0xff])), btoa('a\\xff'), atob('Yf8='), atob(' YQ '), new TextEncoder().encode('\\ud800').length]",
    )
    .await;
    let expected = json!([
        [195, 169, 240, 159, 152, 128],
        "é😀",
        "é😀",
        "a",
        "é€",
        "a",
        "TypeError",
        "a\u{fffd}",
        "Yf8=",
        "a\u{ff}",
        "a",
        3
    ]);
    assert_eq!(found, expected);
    assert_eq!(thrown("btoa('€')").await.name, "InvalidCharacterError");
}

#[tokio::test]
async fn urls_follow_the_standard() {
    let found = value(
        "const url = new URL('../b?x=1&y=a%20b#f', 'https://user:pw@Example.com:443/a/c/');
        const before = url.href;
        url.searchParams.append('z', 'ä &');
        url.port = '8080';
        url.pathname = '/p q';
        url.hash = '';
        const params = new URLSearchParams({ b: '2', a: '1' });
        params.append('a', '3');
        params.sort();
        let error;
        try { new URL('nonsense') } catch (e) { error = [e.name, e.code] }
        return [before, url.href, url.host, url.origin, url.searchParams.get('y'), [...params], `${params}`, params.getAll('a'), params.has('c'), error, URL.canParse('x:y'), new URLSearchParams('?q=a+b%21').get('q'), JSON.stringify({ url }), new URLSearchParams([['k', 'v']]).size, new URL('https://münchen.de').hostname]",
    )
    .await;
    let expected = json!([
        "https://user:pw@example.com/a/b?x=1&y=a%20b#f",
        "https://user:pw@example.com:8080/p%20q?x=1&y=a+b&z=%C3%A4+%26",
        "example.com:8080",
        "https://example.com:8080",
        "a b",
        [["a", "1"], ["a", "3"], ["b", "2"]],
        "a=1&a=3&b=2",
        ["1", "3"],
        false,
        ["TypeError", "ERR_INVALID_URL"],
        true,
        "a b!",
        "{\"url\":\"https://user:pw@example.com:8080/p%20q?x=1&y=a+b&z=%C3%A4+%26\"}",
        1,
        "xn--mnchen-3ya.de"
    ]);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_older_url_functions_work() {
    let found = value(
        "const url = require('url');
        const parsed = url.parse('https://u:p@example.com:81/a/b?x=1&x=2#h', true);
        return [parsed.protocol, parsed.auth, parsed.host, parsed.hostname, parsed.port, parsed.pathname, parsed.query, parsed.hash, parsed.path, parsed.href, url.format({ protocol: 'https', hostname: 'a.example', pathname: 'p', query: { q: 'a b' } }), url.resolve('/one/two', 'three'), url.resolve('https://a.example/x', '/y')]",
    )
    .await;
    let expected = json!([
        "https:", "u:p", "example.com:81", "example.com", "81", "/a/b", {"x": ["1", "2"]}, "#h", "/a/b?x=1&x=2",
        "https://u:p@example.com:81/a/b?x=1&x=2#h", "https://a.example/p?q=a%20b", "/one/three", "https://a.example/y"
    ]);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn query_strings_go_both_ways() {
    let found = value(
        "const qs = require('querystring');
        return [qs.stringify({ a: 'b c', d: ['1', '2'], e: true, f: null, 'ä': '&' }), qs.parse('a=b+c&d=1&d=2&e&%C3%A4=%26'), qs.escape(\"a'b(c)\"), qs.unescape('%20%zz')]",
    )
    .await;
    let expected = json!([
        "a=b%20c&d=1&d=2&e=true&f=&%C3%A4=%26",
        {"a": "b c", "d": ["1", "2"], "e": "", "ä": "&"},
        "a%27b(c)", " %zz"
    ]);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn util_and_events_have_their_basics() {
    let found = value(
        "const util = require('util');
        const EventEmitter = require('events');
        const { EventEmitter: Same } = require('node:events');
        const emitter = new EventEmitter();
        const heard = [];
        emitter.on('x', value => heard.push(value)).once('x', value => heard.push(value * 2));
        emitter.emit('x', 1); emitter.emit('x', 2);
        const sleep = util.promisify((ms, done) => setTimeout(() => done(null, 'slept'), ms));
        return [heard, EventEmitter === Same, emitter.emit('nobody'), await sleep(1), util.isDeepStrictEqual({ a: [1, new Map([[1, { b: 2 }]])] }, { a: [1, new Map([[1, { b: 2 }]])] }), util.isDeepStrictEqual({ a: 1 }, { a: '1' }), util.format('%s=%d %j %%', 'a', 1, { b: 2 }, 'rest'),
            util.inspect({ a: [1, 'x'], m: new Map([['k', 1]]), f() {}, d: new Date(0) }), util.types.isDate(new Date())]",
    )
    .await;
    let expected = json!([
        [1, 2, 2],
        true,
        false,
        "slept",
        true,
        false,
        "a=1 {\"b\":2} % rest",
        "{ a: [ 1, 'x' ], m: Map(1) { 'k' => 1 }, f: [Function: f], d: 1970-01-01T00:00:00.000Z }",
        true
    ]);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_console_is_the_log() {
    let outcome = run("const o = { a: { b: { c: { d: {} } } } }; o.self = o; console.log('got %s', 'x', o); console.error(new TypeError('bad')); console.debug([1, , 3], null, undefined, 1n); console.warn({ get boom() { throw 1 } }); console.log()").await;
    let lines: Vec<(LogLevel, &str)> = outcome
        .logs
        .iter()
        .map(|line: &LogLine| (line.level, line.message.as_str()))
        .collect();
    assert_eq!(
        lines[0],
        (
            LogLevel::Info,
            "got x { a: { b: { c: { d: [Object] } } }, self: [Circular] }"
        )
    );
    assert!(
        lines[1].0 == LogLevel::Error && lines[1].1.starts_with("TypeError: bad\n    at "),
        "{lines:?}"
    );
    assert_eq!(
        lines[2],
        (LogLevel::Debug, "[ 1, undefined, 3 ] null undefined 1n")
    );
    assert_eq!(lines[3], (LogLevel::Warn, "{ boom: [Getter] }"));
    assert_eq!(lines[4], (LogLevel::Info, ""));
}

#[tokio::test]
async fn the_log_is_kept_when_a_call_fails() {
    let outcome = run("console.log('before'); throw new Error('x')").await;
    assert_eq!(outcome.logs.len(), 1);
    assert!(outcome.result.is_err());
}

#[tokio::test]
async fn timers_run_in_order_and_can_be_stopped() {
    let found = value(
        "const seen = [];
        let ticks = 0;
        const interval = setInterval(() => { if (++ticks === 3) clearInterval(interval) }, 1);
        const never = setTimeout(() => seen.push('never'), 2);
        clearTimeout(never);
        setTimeout(name => seen.push(name), 6, 'late');
        setTimeout(() => seen.push('early'), 1);
        queueMicrotask(() => seen.push('micro'));
        seen.push('sync');
        await new Promise(resolve => setTimeout(resolve, 20));
        return [seen, ticks]",
    )
    .await;
    assert_eq!(found, json!([["sync", "micro", "early", "late"], 3]));
}

#[tokio::test]
async fn timers_that_are_stopped_at_once_do_not_count() {
    let found = value(
        "for (let i = 0; i < 3000; i++) clearTimeout(setTimeout(() => {}, 1000));
        await new Promise(resolve => setTimeout(resolve, 1));
        return 'done'",
    )
    .await;
    assert_eq!(found, json!("done"));
}

#[tokio::test]
async fn signals_abort() {
    let found = value(
        "const controller = new AbortController();
        const heard = [];
        controller.signal.addEventListener('abort', () => heard.push('event'));
        controller.signal.onabort = () => heard.push('handler');
        controller.abort();
        controller.abort();
        const any = AbortSignal.any([new AbortController().signal, AbortSignal.abort('why')]);
        const timeout = AbortSignal.timeout(1);
        await new Promise(resolve => timeout.addEventListener('abort', resolve));
        return [heard, controller.signal.reason.name, any.reason, timeout.reason.name]",
    )
    .await;
    assert_eq!(
        found,
        json!([["handler", "event"], "AbortError", "why", "TimeoutError"])
    );
}

#[tokio::test]
async fn structured_clones_are_deep() {
    let found = value(
        "const o = { d: new Date(0), m: new Map([[1, new Set([2])]]), u: new Uint8Array([1, 2]), e: new RangeError('r') };
        o.self = o;
        const c = structuredClone(o);
        let refused;
        try { structuredClone(() => 1) } catch (error) { refused = error.name }
        return [c !== o, c.self === c, c.d.getTime(), [...c.m.get(1)], [...c.u], c.e instanceof RangeError, refused]",
    )
    .await;
    assert_eq!(
        found,
        json!([true, true, 0, [2], [1, 2], true, "DataCloneError"])
    );
}

#[tokio::test]
async fn results_have_words_for_what_json_lacks() {
    let found = value(
        "class Client { #hidden = 1; constructor() { this.base = 'x' } get() {} async post() {} }
        class Special extends Client { put() {} }
        return { date: new Date(0), buffer: Buffer.from('hi'), bytes: new Uint8Array([1]), f() {}, client: new Special(), nan: NaN, none: undefined, list: [undefined, () => 1], map: new Map([[1, 2]]), url: new URL('https://a.example'), nested: { toJSON: () => ({ f: () => 1 }) }, error: new Error('x'), lone: '\\ud800' , slashes: '\\\\ud800' }",
    )
    .await;
    let function = json!({"$function": true});
    let expected = json!({
        "date": "1970-01-01T00:00:00.000Z", "buffer": {"$bytes": "aGk="}, "bytes": {"$bytes": "AQ=="}, "f": function,
        "client": {"base": "x", "put": function, "get": function, "post": function},
        "nan": null, "list": [null, function], "map": {}, "url": "https://a.example/", "nested": {"f": function}, "error": {},
        "lone": "\u{fffd}", "slashes": "\\ud800"
    });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn dates_are_the_hosts() {
    assert_eq!(
        value("return [new Date().toISOString(), Date.now()]").await,
        json!(["2026-01-02T03:04:05.678Z", NOW])
    );
}
