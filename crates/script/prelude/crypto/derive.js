// PBKDF2 by the host, which stops it when the call's processor time is used up.
const host = require('../host.js');
const { input, wrap } = require('./bytes.js');
const { checked } = require('./hash.js');

const pbkdf2 = (exports.pbkdf2 = (password, salt, iterations, size, digest) => {
  const { bytes, sizes } = host.join([password, salt]);
  return host.call(host.operations.PBKDF2, { hash: checked(digest), iterations, size, sizes }, bytes);
});

exports.pbkdf2Sync = (password, salt, iterations, size, digest) =>
  wrap(pbkdf2(input(password), input(salt), iterations, size, digest));
