-- Who wrote what an instance says, 'admin' or 'customer': customers leave alone what admins wrote.
-- Of what is there already nobody knows, so it counts as the admins'.
ALTER TABLE action_instance ADD COLUMN author TEXT NOT NULL DEFAULT 'admin';
