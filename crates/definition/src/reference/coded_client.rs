//! What the functions of an API client receive and return.

/// A section of the page about functions.
pub(super) const CODED_CLIENT: &str = r"
## API clients made by code

`makeApiClient` in JavaScript returns options, the keys of the table of the API client. An instance
of `RestApiClient` of `@integration-app/connector-sdk` is its options: the engine makes its
requests, with response handlers, a refresh after a 401, and the SDK's errors.

| member | receives | returns |
|---|---|---|
| `dynamicOptions(request)` | `path` (relative paths begin with `/`), `url` (the same), `method`, `query`, `params` (the same), `headers`, `data` | options for this request, laid over the others; or a promise of them |
| `onError(error)` | `message`, and `response` with `status`, `statusCode` and `data` where there was one | nothing: the failure stays; data: the request succeeded with it. What it throws takes the failure's place, with its class, `type`, `key` and `data` |
| `overrides` | a list of `{match: {path, method}, patch: {query, headers, data}}` | the patch is laid over requests that match; a missing `path` or `method` matches all |
| `get(path, query, options)` | `options` has `query`, `params` (the same), `headers`; `baseUri`, `auth` and `returnFullResponse` where the caller gave them | the body's data, or `{status, headers, data}` for a whole response |
| `post`, `put`, `patch`, `delete(path, data, options)` | the same | the same |
| `makeApiRequest(request)`, `request(request)` | `path`, `url`, `method`, `data` and the options; for methods that are not there by themselves | the same |

- `dynamicOptions` runs for each request, after `makeApiClient`. In the proxy `data` is the body
  when the caller said that it has at most 64 KiB: parsed when it is JSON, text otherwise. It is
  null for larger bodies, and for those of unknown length, which are passed on as they arrive.
- `onError` runs for requests of functions and mappings, and in the proxy only for clients of
  methods: any other answer is passed on by the proxy as it came. It runs when a request has failed
  for good, after a refresh and the second attempt.
- `data` of an override changes requests of functions; the proxy leaves bodies as they are.
- A client with any of the methods makes its requests itself, with `fetch` or `axios`, to hosts
  that functions may reach. An error with the key `access_token_expired`, or one of a response with
  status 401, leads to one refresh and one more call. A class that extends `RestApiClient` and
  overrides a method is such a client too: what it asks of `super` goes through the engine, by its
  options.
- Lines of the console are in `_logs` of the function's or the operation's answer.
";
