-- What the workspace's owner describes beside connectors and integrations. `type` is its path, such
-- as `actions`; one without integration is universal.
CREATE TABLE element (
    workspace_id   TEXT    NOT NULL REFERENCES workspace (id),
    id             TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    key            TEXT    NOT NULL,
    integration_id TEXT,
    parent_id      TEXT,
    is_customized  INTEGER NOT NULL,
    content        TEXT    NOT NULL,
    origin         TEXT    NOT NULL CHECK (origin IN ('api', 'directory')),
    revision       INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    archived_at    INTEGER,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integration (workspace_id, id),
    FOREIGN KEY (workspace_id, parent_id) REFERENCES element (workspace_id, id)
) STRICT;

-- Two, because nulls are all different to an index.
CREATE UNIQUE INDEX element_universal ON element (workspace_id, type, key)
    WHERE archived_at IS NULL AND integration_id IS NULL;
CREATE UNIQUE INDEX element_of_integration ON element (workspace_id, type, integration_id, key)
    WHERE archived_at IS NULL AND integration_id IS NOT NULL;
CREATE INDEX element_by_type ON element (workspace_id, type, integration_id, id);
CREATE INDEX element_by_parent ON element (workspace_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX element_by_integration ON element (workspace_id, integration_id);

-- The last changes of what a workspace is made of: connectors, integrations, elements. The number
-- of the last one is the workspace's revision.
CREATE TABLE workspace_change (
    workspace_id TEXT    NOT NULL REFERENCES workspace (id),
    revision     INTEGER NOT NULL,
    subject      TEXT    NOT NULL,
    changed_by   TEXT,
    changed_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, revision)
) STRICT, WITHOUT ROWID;
