-- Authentication that another connector does. A connection that uses another's credentials names
-- it here; those credentials are in no other row.
ALTER TABLE connection ADD COLUMN parent_id TEXT;

-- A connection of an auth proxy, which customers do not see.
ALTER TABLE connection ADD COLUMN is_hidden INTEGER NOT NULL DEFAULT 0;

CREATE INDEX connection_by_parent
    ON connection (workspace_id, parent_id, id) WHERE parent_id IS NOT NULL;

-- A shared client of an external app: an integration for others to delegate to, which nobody sees.
ALTER TABLE integration ADD COLUMN is_auth_proxy INTEGER NOT NULL DEFAULT 0;

-- Connections as they are seen: one with a parent lives as long as that, expires when its
-- credentials do, and does not work when it does not.
CREATE VIEW connection_seen AS
SELECT own.workspace_id, own.id, own.customer_id, own.integration_id, own.key, own.name,
    own.auth_option_key, own.meta, own.parent_id, own.is_hidden, own.last_active_at,
    own.created_at, own.updated_at, own.archived_at,
    CASE
        WHEN own.parent_id IS NULL OR own.archived_at IS NOT NULL THEN own.state
        WHEN parent.archived_at IS NOT NULL THEN 'CLIENT_ACTION_REQUIRED'
        WHEN parent.state <> 'READY' THEN parent.state
        ELSE own.state
    END AS state,
    CASE
        WHEN own.parent_id IS NULL OR own.archived_at IS NOT NULL THEN own.error
        WHEN parent.archived_at IS NOT NULL THEN json_object(
            'type', 'connection', 'key', 'parent_archived',
            'message', 'the account that it uses was disconnected: connect it again',
            'parentConnectionId', parent.id
        )
        WHEN parent.state <> 'READY' THEN
            json_set(coalesce(parent.error, '{}'), '$.parentConnectionId', parent.id)
        ELSE own.error
    END AS error,
    CASE WHEN parent.id IS NULL THEN own.generation ELSE parent.generation END AS generation,
    CASE WHEN parent.id IS NULL THEN own.scopes ELSE parent.scopes END AS scopes,
    CASE WHEN parent.id IS NULL THEN own.expires_at ELSE parent.expires_at END AS expires_at,
    CASE WHEN parent.id IS NULL THEN own.refresh_due_at ELSE parent.refresh_due_at END
        AS refresh_due_at,
    CASE WHEN parent.id IS NULL THEN own.is_refreshable ELSE parent.is_refreshable END
        AS is_refreshable,
    CASE WHEN parent.id IS NULL THEN own.retry_at ELSE parent.retry_at END AS retry_at,
    CASE WHEN parent.id IS NULL THEN own.retry_attempts ELSE parent.retry_attempts END
        AS retry_attempts
FROM connection AS own
LEFT JOIN connection AS parent
    ON parent.workspace_id = own.workspace_id AND parent.id = own.parent_id;
