// Configuration: defaults under what a request says, and the URL that comes of it.
const { globals: { URLSearchParams } } = require('../url.js');

const isPlain = value => typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));

const METHODS = ['get', 'delete', 'head', 'options', 'post', 'put', 'patch'];

const deepMerge = (left, right) => {
  if (!isPlain(right)) return right === undefined ? left : right;
  const merged = isPlain(left) ? { ...left } : {};
  for (const name of Object.keys(right)) merged[name] = deepMerge(merged[name], right[name]);
  return merged;
};

exports.defaults = () => ({
  headers: { common: { Accept: 'application/json, text/plain, */*' }, ...Object.fromEntries(METHODS.map(method => [method, {}])) },
  timeout: 0,
  validateStatus: status => status >= 200 && status < 300,
});

exports.merge = (base, config) => {
  const merged = { ...base };
  for (const name of Object.keys(config)) {
    if (config[name] === undefined) continue;
    const deep = name === 'headers' || name === 'auth' || name === 'params';
    // Headers may be an instance of a class of ours; their own members are what counts.
    const value = name === 'headers' ? { ...config[name] } : config[name];
    merged[name] = deep && isPlain(value) ? deepMerge(base[name], value) : value;
  }
  return merged;
};

// The headers of one method out of the layers of the defaults.
exports.layers = headers => {
  const own = { ...headers };
  for (const name of ['common', ...METHODS]) if (isPlain(own[name])) delete own[name];
  return own;
};

const encode = text =>
  encodeURIComponent(text).replace(/%3A/gi, ':').replace(/%24/g, '$').replace(/%2C/gi, ',').replace(/%20/g, '+').replace(/%5B/gi, '[').replace(/%5D/gi, ']');

const flatten = (name, value, pairs) => {
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) {
    value.forEach((item, index) => flatten(isPlain(item) || Array.isArray(item) ? `${name}[${index}]` : `${name}[]`, item, pairs));
  } else if (value instanceof Date) pairs.push([name, value.toISOString()]);
  else if (isPlain(value)) for (const key of Object.keys(value)) flatten(`${name}[${key}]`, value[key], pairs);
  else pairs.push([name, `${value}`]);
};

const query = (params, serializer) => {
  if (params === undefined || params === null) return '';
  const serialize = typeof serializer === 'function' ? serializer : serializer?.serialize;
  if (serialize) return serialize(params);
  if (params instanceof URLSearchParams) return params.toString();
  const pairs = [];
  const indexes = serializer?.indexes;
  for (const name of Object.keys(params)) flatten(name, params[name], pairs);
  const named = indexes === null ? pairs.map(([name, value]) => [name.replace(/\[\]$/, ''), value]) : pairs;
  const encoder = serializer?.encode ?? encode;
  return named.map(([name, value]) => `${encoder(name)}=${encoder(value)}`).join('&');
};

exports.buildUrl = ({ url = '', baseURL, params, paramsSerializer }) => {
  const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i.test(url);
  const joined = baseURL && !absolute ? (url ? `${baseURL.replace(/\/?\/$/, '')}/${url.replace(/^\/+/, '')}` : baseURL) : url;
  const search = query(params, paramsSerializer);
  if (!search) return joined;
  const path = joined.split('#')[0];
  return `${path}${path.includes('?') ? '&' : '?'}${search}`;
};
