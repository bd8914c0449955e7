// The module `url`: the classes, and the common part of the older functions.
const { globals: { URL, URLSearchParams } } = require('./url.js');
const querystring = require('./querystring.js');

const FIELDS = ['protocol', 'slashes', 'auth', 'host', 'port', 'hostname', 'hash', 'search', 'query', 'pathname', 'path', 'href'];

const parse = (text, parseQuery = false) => {
  const result = Object.fromEntries(FIELDS.map(field => [field, null]));
  const [, protocol, authority, path, search, hash] =
    /^([a-z][a-z0-9+.-]*:)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(`${text}`.trim()) ?? [];
  result.protocol = protocol?.toLowerCase() ?? null;
  if (authority !== undefined && protocol !== undefined) {
    const at = authority.lastIndexOf('@');
    result.slashes = true;
    result.auth = at < 0 ? null : decodeURIComponent(authority.slice(0, at));
    result.host = authority.slice(at + 1).toLowerCase();
    [, result.hostname, result.port = null] = /^(.*?)(?::(\d*))?$/.exec(result.host);
    result.hostname = result.hostname.replace(/^\[|\]$/g, '');
  }
  result.pathname = path || (result.host ? '/' : null);
  result.search = search ?? (parseQuery ? '' : null);
  result.query = parseQuery ? querystring.parse((search ?? '').slice(1)) : (search?.slice(1) ?? null);
  result.hash = hash ?? null;
  result.path = result.pathname || result.search ? `${result.pathname ?? ''}${result.search ?? ''}` : null;
  result.href = format(result);
  return result;
};

const format = input => {
  if (typeof input === 'string') return parse(input).href;
  if (input instanceof URL) return input.href;
  const { protocol, auth, hostname, port, pathname, query, hash } = input;
  const scheme = protocol ? (protocol.endsWith(':') ? protocol : `${protocol}:`) : '';
  const name = hostname?.includes(':') ? `[${hostname}]` : hostname;
  const host = input.host ?? (name ? `${name}${port ? `:${port}` : ''}` : '');
  const slashes = input.slashes || /^(https?|ftp|wss?):$/.test(scheme);
  const authority = host ? `${auth ? `${encodeURIComponent(auth).replace(/%3A/gi, ':')}@` : ''}${host}` : '';
  let search = input.search ?? '';
  if (!search && typeof query === 'object' && query !== null) search = querystring.stringify(query);
  if (search && !search.startsWith('?')) search = `?${search}`;
  const path = pathname && authority && !pathname.startsWith('/') ? `/${pathname}` : (pathname ?? '');
  const fragment = hash ? (hash.startsWith('#') ? hash : `#${hash}`) : '';
  return `${scheme}${slashes && authority ? '//' : ''}${authority}${path}${search}${fragment}`;
};

const resolve = (from, to) => {
  const base = 'resolve://relative';
  const url = new URL(to, new URL(from, base));
  return url.protocol === 'resolve:' ? `${url.pathname}${url.search}${url.hash}` : url.href;
};

module.exports = { URL, URLSearchParams, parse, format, resolve };
