-- What was asked of the provider and what it granted, as JSON; null where nobody spoke of scopes.
ALTER TABLE connection ADD COLUMN scopes TEXT;

-- Whether the credentials can be renewed, whether or not it is known when they have to be.
ALTER TABLE connection ADD COLUMN is_refreshable INTEGER NOT NULL DEFAULT 0;
UPDATE connection SET is_refreshable = refresh_due_at IS NOT NULL;

-- Whether browsers may come to the callback that were not sent away from here.
ALTER TABLE integration ADD COLUMN allows_external_callback INTEGER NOT NULL DEFAULT 0;

-- The scheduler leaves out integrations that have enough to do, and should not have to read the
-- rows of thousands of their connections for that.
DROP INDEX connection_due;
CREATE INDEX connection_due ON connection (due_at, integration_id) WHERE due_at IS NOT NULL;
