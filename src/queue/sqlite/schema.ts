// The tables of the file of waiting events. A change is one more script at the end, never a change of one that is here.

const EVENT_COLUMNS = `
  function INTEGER NOT NULL REFERENCES functions (id),
  dueAt INTEGER NOT NULL,
  acceptedAt INTEGER NOT NULL,
  requestId TEXT NOT NULL,
  qualifier TEXT NOT NULL,
  source TEXT NOT NULL,
  routingKey TEXT,
  retryNum INTEGER NOT NULL,
  runErrors INTEGER NOT NULL,
  version TEXT,
  traced INTEGER`;

/** The number of a script, counted from 1, is the file's PRAGMA user_version when it has run. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE functions (
    id INTEGER PRIMARY KEY,
    region TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (region, namespace, name)
  );

  -- seq: the order of the pushes. body comes last: what is read alone stands before it.
  CREATE TABLE events (seq INTEGER PRIMARY KEY, ${EVENT_COLUMNS}, body BLOB NOT NULL);
  CREATE UNIQUE INDEX events_request ON events (requestId);
  CREATE INDEX events_due ON events (function, dueAt);

  CREATE TABLE letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ${EVENT_COLUMNS},
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    why TEXT NOT NULL,
    status INTEGER NOT NULL,
    errorMessage TEXT NOT NULL,
    diedAt INTEGER NOT NULL,
    body BLOB NOT NULL,
    message BLOB NOT NULL
  );
  CREATE UNIQUE INDEX letters_request ON letters (requestId);
  CREATE INDEX letters_died ON letters (diedAt);
  CREATE INDEX letters_to ON letters (type, name, diedAt);
  CREATE INDEX letters_function ON letters (function, diedAt);

  CREATE TABLE executions (
    requestId TEXT PRIMARY KEY,
    function INTEGER NOT NULL REFERENCES functions (id),
    version TEXT NOT NULL,
    source TEXT NOT NULL,
    traced INTEGER NOT NULL,
    state TEXT NOT NULL,
    status INTEGER NOT NULL,
    startedAt INTEGER NOT NULL,
    endedAt INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX executions_started ON executions (function, startedAt);
  CREATE INDEX executions_ended ON executions (function, endedAt);
  CREATE INDEX executions_over ON executions (endedAt) WHERE state <> 'RUNNING';
  `,
];
