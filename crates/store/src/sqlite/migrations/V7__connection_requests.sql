-- What a user was asked to connect, by a link that anybody opens who knows it. Of what the link
-- holds there is only the hash.
CREATE TABLE connection_request (
    workspace_id         TEXT    NOT NULL REFERENCES workspace (id),
    id                   TEXT    NOT NULL,
    customer_id          TEXT    NOT NULL,
    integration_id       TEXT    NOT NULL,
    connection_id        TEXT,
    link_hash            BLOB    NOT NULL UNIQUE,
    details              TEXT    NOT NULL,
    status               TEXT    NOT NULL
        CHECK (status IN ('pending', 'success', 'cancelled', 'error')),
    result_connection_id TEXT,
    result_error         TEXT,
    created_at           INTEGER NOT NULL,
    expires_at           INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, customer_id) REFERENCES customer (workspace_id, id),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integration (workspace_id, id),
    FOREIGN KEY (workspace_id, connection_id) REFERENCES connection (workspace_id, id),
    FOREIGN KEY (workspace_id, result_connection_id) REFERENCES connection (workspace_id, id)
) STRICT;

CREATE INDEX connection_request_by_expiry ON connection_request (expires_at);
