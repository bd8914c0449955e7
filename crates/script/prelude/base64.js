// Base64 by the host, which is much faster at it than the engine.
const host = require('./host.js');
const { BASE64_ENCODE, BASE64_DECODE } = host.operations;

exports.toBase64 = bytes => host.callText(BASE64_ENCODE, '', bytes);
// Lenient as Node is: both alphabets, no padding needed, anything else passed over.
exports.fromBase64 = text => host.callText(BASE64_DECODE, text);
