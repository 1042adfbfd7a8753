"""The database: providers and prompt templates, in SQLite."""
import json
import sqlite3
from contextlib import contextmanager

from .codes import Err

SCHEMA = """
CREATE TABLE provider (name TEXT PRIMARY KEY, url TEXT NOT NULL, key TEXT NOT NULL,
                       priority INTEGER NOT NULL, enabled INTEGER NOT NULL);
CREATE TABLE template (id TEXT PRIMARY KEY, name TEXT UNIQUE NOT NULL, text TEXT NOT NULL,
                       defaults TEXT NOT NULL);
"""
TEMPLATES = [
    ("tpl-welcome", "welcome", "Welcome {{name}} to {{event}} in a {{tone}} tone.",
     {"tone": "warm"}),
    ("tpl-translate", "translate", "Translate into {{language}}: {{text}}", {}),
]


class Store:
    def __init__(self, providers, flaw):
        self.seed_providers, self.flaw = providers, flaw
        self.down = self.failing = False
        self.reset()

    def reset(self):
        self.down = self.failing = False
        self.base = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.base.row_factory = sqlite3.Row
        self.base.executescript(SCHEMA)
        for place, (name, url, key) in enumerate(self.seed_providers):
            self.base.execute("INSERT INTO provider VALUES (?,?,?,?,1)", (name, url, key, place))
        for ident, name, text, defaults in TEMPLATES:
            self.base.execute("INSERT INTO template VALUES (?,?,?,?)",
                              (ident, name, text, json.dumps(defaults)))

    def _read(self, query, *values):
        if self.down:
            raise Err(1900, "The database does not answer.")
        try:
            return [dict(row) for row in self.base.execute(query, values)]
        except UnicodeEncodeError:  # half a surrogate pair: nothing is stored under that
            return []
        except sqlite3.Error as bad:
            raise Err(1900, "The database failed on a query.") from bad

    @contextmanager
    def _transaction(self):
        if self.down:
            raise Err(1900, "The database does not answer.")
        try:
            self.base.execute("BEGIN")
            yield self.base
            if self.failing:
                raise sqlite3.OperationalError("switched on by an admin")
            self.base.execute("COMMIT")
        except BaseException as bad:
            keep = self.failing and self.flaw("half-transaction")
            self.base.execute("COMMIT" if keep else "ROLLBACK")
            if isinstance(bad, sqlite3.Error):
                raise Err(1901, "The change could not be stored.") from bad
            raise

    def providers(self):
        return self._read("SELECT * FROM provider ORDER BY priority, name")

    def provider(self, name):
        rows = self._read("SELECT * FROM provider WHERE name = ?", name)
        if not rows:
            raise Err(1300, "There is no provider of that name.")
        return rows[0]

    def add_provider(self, row):
        if self._read("SELECT 1 FROM provider WHERE name = ?", row["name"]):
            raise Err(1303, "There is a provider of that name already.")
        with self._transaction() as base:
            base.execute("INSERT INTO provider VALUES (:name,:url,:key,:priority,:enabled)", row)

    def change_provider(self, row):
        self.provider(row["name"])
        with self._transaction() as base:
            base.execute("UPDATE provider SET url=:url, key=:key, priority=:priority, "
                         "enabled=:enabled WHERE name=:name", row)

    def drop_provider(self, name):
        self.provider(name)
        with self._transaction() as base:
            base.execute("DELETE FROM provider WHERE name = ?", (name,))

    def templates(self):
        return [self._opened(row) for row in self._read("SELECT * FROM template ORDER BY id")]

    def _opened(self, row):
        return {**row, "defaults": json.loads(row["defaults"])}

    def template(self, ident):
        """By id, else by name."""
        rows = self._read("SELECT * FROM template WHERE id = ? OR name = ? "
                          "ORDER BY id = ? DESC LIMIT 1", ident, ident, ident)
        if not rows:
            raise Err(1800, "There is no such prompt template.")
        return self._opened(rows[0])

    def put_template(self, row):
        taken = self._read("SELECT 1 FROM template WHERE name = ? AND id != ?",
                           row["name"], row["id"])
        if taken:
            raise Err(1601, "Another template has that name.")
        with self._transaction() as base:
            base.execute("INSERT OR REPLACE INTO template VALUES (:id,:name,:text,:defaults)",
                         {**row, "defaults": json.dumps(row["defaults"])})

    def drop_template(self, ident):
        with self._transaction() as base:
            base.execute("DELETE FROM template WHERE id = ?", (ident,))
