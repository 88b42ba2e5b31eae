-- The operator's password, as Argon2id has it.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Of what a browser says only a SHA-256 is kept.
CREATE TABLE sessions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    made_millis INTEGER NOT NULL,
    used_millis INTEGER NOT NULL,
    expires_millis INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    made_millis INTEGER NOT NULL,
    used_millis INTEGER,
    expires_millis INTEGER
) STRICT;

CREATE TABLE audit (
    number INTEGER NOT NULL PRIMARY KEY,
    at_millis INTEGER NOT NULL,
    who TEXT NOT NULL,
    address TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit trail is only added to'); END;

CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit trail is only added to'); END;

-- Also keeps INSERT OR REPLACE out, which takes a row away without asking the trigger above.
CREATE TRIGGER audit_has_no_gaps BEFORE INSERT ON audit
WHEN new.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit)
BEGIN SELECT raise(ABORT, 'the audit trail has no gaps'); END;

CREATE TABLE blocks (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_millis INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    UNIQUE (kind, value)
) STRICT;

-- `folder` and `name` are what is to be published.
CREATE TABLE jobs (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    collection TEXT NOT NULL,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    words TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    made_millis INTEGER NOT NULL,
    ended_millis INTEGER
) STRICT;

CREATE INDEX jobs_by_state ON jobs (state);

-- What was last found of a collection, as JSON.
CREATE TABLE checks (
    collection TEXT NOT NULL,
    kind TEXT NOT NULL,
    found TEXT NOT NULL,
    PRIMARY KEY (collection, kind)
) STRICT;
