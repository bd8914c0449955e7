-- What a connection says of an action for itself. Without content it says what the action says. The
-- instance that is meant where none is named has an empty key.
CREATE TABLE action_instance (
    workspace_id  TEXT    NOT NULL REFERENCES workspace (id),
    id            TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    action_key    TEXT    NOT NULL,
    instance_key  TEXT    NOT NULL,
    content       TEXT,
    revision      INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, connection_id) REFERENCES connection (workspace_id, id)
) STRICT;

CREATE UNIQUE INDEX action_instance_by_key
    ON action_instance (workspace_id, connection_id, action_key, instance_key);
