// The error classes and enumerations of the SDK. As there, `type`, `key`, `doc` and `data` of an error are members of
// its member `data`; we offer the first three on the error itself as well.
const { errorMakers } = require('../host.js');

const ErrorType = {
  BAD_REQUEST: 'bad_request', CONNECTION: 'connection', CONFIGURATION: 'configuration',
  DEPENDENCY_ERROR: 'dependency_error', FLOW_RUN: 'flow_run', FLOW_INSTANCE_SETUP: 'flow_instance_setup',
  CONCURRENCY: 'concurrency', INTERNAL: 'internal', ACTION_RUN: 'action_run',
  ACTION_INSTANCE_SETUP: 'action_instance_setup', UNIT_RUN: 'unit_run', CUSTOM_CODE: 'custom_code',
};
const BadRequestErrorKey = {
  NOT_FOUND: 'not_found', NOT_AUTHENTICATED: 'not_authenticated', ACCESS_DENIED: 'access_denied',
  ALREADY_EXISTS: 'already_exists', RATE_LIMIT_EXCEEDED: 'rate_limit_exceeded',
};
const ConnectionErrorKey = {
  CONNECTION_IS_DEFUNCT: 'connection_is_defunct', ACCESS_TOKEN_EXPIRED: 'access_token_expired',
  RATE_LIMIT_EXCEEDED: 'rate_limit_exceeded',
};
const ConcurrencyErrorKey = { LOCK_TIMEOUT: 'lock_timeout' };
const ErrorDoc = {
  AuthenticationTokenErrors: 'authentication-token-errors',
  DataSourceNoCollectionSelected: 'data-source-no-collection-selected',
  FlowInstanceSetupFailed: 'flow-instance-setup-failed',
  FlowInstanceSetupTimeout: 'flow-instance-setup-timeout',
  WebhookCannotFindUser: 'webhook-cannot-find-user',
};

class ErrorData {
  constructor(from) {
    if (typeof from === 'string') this.message = from;
    else if (from?.isIntegrationAppError) Object.assign(this, from.data);
    else if (from instanceof Error) Object.assign(this, { message: from.message, stack: from.stack });
    else Object.assign(this, from);
  }
}

class IntegrationAppError extends Error {
  constructor(from, fixed) {
    const data = Object.assign(new ErrorData(from), fixed);
    super(data.message);
    this.isIntegrationAppError = true;
    this.data = data;
    // The first place of the error is where the script made it, not in here.
    if (from instanceof Error) Object.defineProperty(this, 'cause', { value: from, enumerable: false, configurable: true, writable: true });
  }
  get type() {
    return this.data?.type;
  }
  get key() {
    return this.data?.key;
  }
  get doc() {
    return this.data?.doc;
  }
}

// A class whose errors always have these members.
const define = (name, Parent, fixed) =>
  ({
    [name]: class extends Parent {
      constructor(from, more) {
        super(from, { ...fixed, ...more });
      }
    },
  })[name];

const plain = (name, type) => define(name, IntegrationAppError, { type });
const InternalError = plain('InternalError', 'internal');
const BadRequestError = plain('BadRequestError', 'bad_request');
const ConnectionError = plain('ConnectionError', 'connection');
const ConfigurationError = plain('ConfigurationError', 'configuration');
const ConcurrencyError = plain('ConcurrencyError', 'concurrency');
const DependencyError = plain('DependencyError', 'dependency_error');
const FlowRunError = plain('FlowRunError', 'flow_run');
const FlowInstanceSetupError = plain('FlowInstanceSetupError', 'flow_instance_setup');
const ActionRunError = plain('ActionRunError', 'action_run');
const ActionInstanceSetupError = plain('ActionInstanceSetupError', 'action_instance_setup');
const UnitRunError = plain('UnitRunError', 'unit_run');
const CustomCodeError = plain('CustomCodeError', 'custom_code');

const badRequest = (name, key) => define(name, BadRequestError, { key });
const NotFoundError = badRequest('NotFoundError', 'not_found');
const NotAuthenticatedError = badRequest('NotAuthenticatedError', 'not_authenticated');
const AccessDeniedError = badRequest('AccessDeniedError', 'access_denied');
const RateLimitExceededError = badRequest('RateLimitExceededError', 'rate_limit_exceeded');

const classes = {
  IntegrationAppError, InternalError, BadRequestError, NotFoundError, NotAuthenticatedError, AccessDeniedError,
  RateLimitExceededError, ConnectionError, ConfigurationError, ConcurrencyError, DependencyError, FlowRunError,
  FlowInstanceSetupError, ActionRunError, ActionInstanceSetupError, UnitRunError, CustomCodeError,
};

const byType = {
  internal: InternalError, bad_request: BadRequestError, connection: ConnectionError, configuration: ConfigurationError,
  concurrency: ConcurrencyError, dependency_error: DependencyError, flow_run: FlowRunError,
  flow_instance_setup: FlowInstanceSetupError, action_run: ActionRunError,
  action_instance_setup: ActionInstanceSetupError, unit_run: UnitRunError, custom_code: CustomCodeError,
};

const isIntegrationAppError = error => Boolean(error && error.isIntegrationAppError);
const getErrorFromData = data =>
  typeof data === 'object' && data !== null && Object.hasOwn(byType, data.type) ? new byType[data.type](data) : null;
const extractIntegrationAppErrorData = error =>
  isIntegrationAppError(error) ? error.data : new ErrorData({ message: error?.message ?? `${error}`, type: 'internal' });

// Errors that the host raises.
for (const [name, Class] of Object.entries(classes)) {
  errorMakers.set(name, ({ message, key, data }) => {
    const fields = { message };
    if (key !== null && key !== undefined) fields.key = key;
    if (data !== null && data !== undefined) fields.data = data;
    return new Class(fields);
  });
}

module.exports = {
  ...classes, ErrorData, ErrorType, ErrorDoc, BadRequestErrorKey, ConnectionErrorKey, ConcurrencyErrorKey,
  isIntegrationAppError, getErrorFromData, extractIntegrationAppErrorData,
};
