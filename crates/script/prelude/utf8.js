// UTF-8 by the engine's own converters. Lone surrogates become U+FFFD on the way out, broken sequences on the way in.
const toWellFormed = Function.prototype.call.bind(String.prototype.toWellFormed);

exports.encode = text => new Uint8Array(door.encode(toWellFormed(`${text}`)));
exports.decode = bytes => toWellFormed(door.decode(bytes));
