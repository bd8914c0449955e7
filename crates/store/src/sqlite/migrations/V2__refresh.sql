-- What refreshing needs beyond the columns of V1, and attempts to connect that go by way of the
-- external app.

-- Whatever moves the generation of a connection also ends its lease, so a lease needs no
-- generation of its own.
ALTER TABLE connection DROP COLUMN lease_generation;

-- The lease whose answer is in force; null when the credentials came in another way. It tells a
-- commit that is tried once more from one that lost.
ALTER TABLE connection ADD COLUMN refreshed_by TEXT;

-- From when on a scheduler may try: the credentials are due, the wait after a failure is over,
-- and nobody is at it. `max` of anything and null is null.
ALTER TABLE connection ADD COLUMN due_at INTEGER GENERATED ALWAYS AS (
    CASE WHEN archived_at IS NULL THEN max(
        refresh_due_at, coalesce(retry_at, refresh_due_at), coalesce(lease_until, refresh_due_at)
    ) END
) VIRTUAL;

DROP INDEX connection_due;
CREATE INDEX connection_due ON connection (due_at) WHERE due_at IS NOT NULL;

-- A callback names no workspace, so a state is unlike any other of all workspaces.
CREATE TABLE auth_session (
    workspace_id   TEXT    NOT NULL REFERENCES workspace (id),
    id             TEXT    NOT NULL,
    integration_id TEXT    NOT NULL,
    customer_id    TEXT    NOT NULL,
    connection_id  TEXT,
    request_id     TEXT,
    state_hash     BLOB    NOT NULL UNIQUE,
    browser_hash   BLOB,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    used_at        INTEGER,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integration (workspace_id, id),
    FOREIGN KEY (workspace_id, customer_id) REFERENCES customer (workspace_id, id),
    FOREIGN KEY (workspace_id, connection_id) REFERENCES connection (workspace_id, id)
) STRICT;

CREATE INDEX auth_session_by_expiry ON auth_session (expires_at);
