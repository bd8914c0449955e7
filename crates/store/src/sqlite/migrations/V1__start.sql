-- Times are microseconds since 1970, JSON is text, ids are prefixed ULIDs. Every row but the
-- canaries' belongs to a workspace, and references never leave it.

CREATE TABLE workspace (
    id         TEXT    NOT NULL PRIMARY KEY,
    key        TEXT    NOT NULL UNIQUE,
    name       TEXT,
    settings   TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A known text under each key-encryption key, to tell a wrong keyring at the start.
CREATE TABLE canary (
    position INTEGER PRIMARY KEY,
    kek_id   TEXT NOT NULL UNIQUE,
    sealed   BLOB NOT NULL
) STRICT;

CREATE TABLE data_key (
    workspace_id TEXT    NOT NULL REFERENCES workspace (id),
    number       INTEGER NOT NULL,
    kek_id       TEXT    NOT NULL,
    wrapped      BLOB    NOT NULL,
    PRIMARY KEY (workspace_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX data_key_by_kek ON data_key (kek_id);

-- Every sealed value, apart from the rows that are listed. The columns before the value are
-- what its seal is bound to.
CREATE TABLE secret (
    workspace_id TEXT    NOT NULL REFERENCES workspace (id),
    owner        TEXT    NOT NULL,
    row_id       TEXT    NOT NULL,
    field        TEXT    NOT NULL,
    generation   INTEGER NOT NULL,
    sealed       BLOB    NOT NULL,
    PRIMARY KEY (workspace_id, owner, row_id, field)
) STRICT;

CREATE TABLE workspace_key (
    workspace_id TEXT    NOT NULL REFERENCES workspace (id),
    kid          TEXT    NOT NULL,
    algorithm    TEXT    NOT NULL,
    public_jwk   TEXT    NOT NULL,
    purpose      TEXT    NOT NULL CHECK (purpose IN ('sign', 'verify')),
    created_at   INTEGER NOT NULL,
    retired_at   INTEGER,
    PRIMARY KEY (workspace_id, kid)
) STRICT, WITHOUT ROWID;

CREATE TABLE customer (
    workspace_id   TEXT    NOT NULL REFERENCES workspace (id),
    id             TEXT    NOT NULL,
    internal_id    TEXT    NOT NULL,
    name           TEXT,
    fields         TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    archived_at    INTEGER,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, internal_id)
) STRICT;

CREATE TABLE connector (
    workspace_id TEXT    NOT NULL REFERENCES workspace (id),
    id           TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    uuid         TEXT,
    name         TEXT    NOT NULL,
    logo_uri     TEXT,
    origin       TEXT    NOT NULL CHECK (origin IN ('api', 'directory')),
    revision     INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    archived_at  INTEGER,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, key),
    UNIQUE (workspace_id, uuid)
) STRICT;

-- `version` is null for the development version, the only one whose bundle may change.
CREATE TABLE connector_version (
    workspace_id TEXT    NOT NULL,
    connector_id TEXT    NOT NULL,
    version      TEXT,
    bundle       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    FOREIGN KEY (workspace_id, connector_id) REFERENCES connector (workspace_id, id)
) STRICT;

CREATE INDEX connector_version_by_connector ON connector_version (workspace_id, connector_id);
CREATE UNIQUE INDEX connector_version_published
    ON connector_version (workspace_id, connector_id, version) WHERE version IS NOT NULL;
CREATE UNIQUE INDEX connector_version_development
    ON connector_version (workspace_id, connector_id) WHERE version IS NULL;

CREATE TABLE integration (
    workspace_id       TEXT    NOT NULL REFERENCES workspace (id),
    id                 TEXT    NOT NULL,
    key                TEXT    NOT NULL,
    name               TEXT,
    connector_id       TEXT,
    connector_version  TEXT,
    logo_uri           TEXT,
    base_uri           TEXT,
    oauth_callback_uri TEXT,
    meta               TEXT,
    origin             TEXT    NOT NULL CHECK (origin IN ('api', 'directory')),
    revision           INTEGER NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    archived_at        INTEGER,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, connector_id) REFERENCES connector (workspace_id, id)
) STRICT;

CREATE UNIQUE INDEX integration_by_key
    ON integration (workspace_id, key) WHERE archived_at IS NULL;
CREATE INDEX integration_by_key_and_age ON integration (workspace_id, key, id);
CREATE INDEX integration_by_connector ON integration (workspace_id, connector_id);

-- The columns from `lease_owner` on are for refreshing: who does it now, and what was tried.
CREATE TABLE connection (
    workspace_id       TEXT    NOT NULL REFERENCES workspace (id),
    id                 TEXT    NOT NULL,
    customer_id        TEXT    NOT NULL,
    integration_id     TEXT    NOT NULL,
    key                TEXT,
    name               TEXT,
    auth_option_key    TEXT,
    state              TEXT    NOT NULL CHECK (state IN (
        'READY', 'CLIENT_ACTION_REQUIRED', 'CONFIGURATION_ERROR', 'SETUP_FAILED', 'DISCONNECTING'
    )),
    error              TEXT,
    meta               TEXT,
    generation         INTEGER NOT NULL,
    expires_at         INTEGER,
    refresh_due_at     INTEGER,
    last_active_at     INTEGER NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    archived_at        INTEGER,
    lease_owner        TEXT,
    lease_until        INTEGER,
    lease_generation   INTEGER,
    intent_started_at  INTEGER,
    intent_fingerprint BLOB,
    retry_at           INTEGER,
    retry_attempts     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, customer_id) REFERENCES customer (workspace_id, id),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integration (workspace_id, id)
) STRICT;

CREATE INDEX connection_by_customer ON connection (workspace_id, customer_id, id);
CREATE INDEX connection_by_customer_and_integration
    ON connection (workspace_id, customer_id, integration_id, id);
CREATE INDEX connection_by_integration ON connection (workspace_id, integration_id, id);
CREATE INDEX connection_due
    ON connection (refresh_due_at) WHERE refresh_due_at IS NOT NULL AND archived_at IS NULL;

CREATE TABLE audit (
    workspace_id TEXT    NOT NULL REFERENCES workspace (id),
    id           TEXT    NOT NULL,
    actor_kind   TEXT    NOT NULL CHECK (actor_kind IN ('admin', 'customer', 'operator', 'system')),
    actor_name   TEXT,
    action       TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    detail       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT;

CREATE INDEX audit_by_subject ON audit (workspace_id, subject, id);
