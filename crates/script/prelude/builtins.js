// The modules that `import` and `require` find, by canonical name. The list that `validate` and the documentation use
// is `BUILTINS` of the crate `authbridge-module`; a test compares the two.
const axios = require('./axios/index.js');
const sdk = require('./sdk/errors.js');

const modules = new Map([
  ['crypto', require('./crypto/index.js')],
  ['buffer', require('./buffer.js')],
  ['url', require('./url-module.js')],
  ['querystring', require('./querystring.js')],
  ['util', require('./util.js')],
  ['events', require('./events.js')],
  ['axios', axios],
  ['jsonwebtoken', require('./jsonwebtoken.js')],
  ['@integration-app/sdk', sdk],
  ['@integration-app/sdk/errors', sdk],
  ['@membranehq/sdk', sdk],
  ['@membranehq/sdk/errors', sdk],
  ['@integration-app/connector-sdk', require('./sdk/connector.js').module],
]);

exports.find = name => modules.get(name.startsWith('node:') ? name.slice(5) : name);
