"""Random pairs of schemas: features of ``tests/catalog/features`` together, each side changed in its own way."""

from __future__ import annotations

import random
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from alembic_assay import catalog
from alembic_assay.catalog import document
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.fingerprint import of_document
from alembic_assay.catalog.tables import Table
from alembic_assay.sql import Statement, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from alembic_assay.catalog import Snapshot

FEATURES = sorted((Path(__file__).parent.parent / "catalog" / "features").glob("*.sql"))
LEFT_OUT = {
    "database_settings",  # hold for sessions to come, so they cannot be rolled back together with one
    "enum_labels_odd",  # an empty label is PostgreSQL's, not ours: no operation takes it
    # What a child has of its own in columns and checks that it inherits:
    *("inheritance", "inheritance_added_later", "inheritance_not_null", "inheritance_three_deep"),
    "inheritance_overrides",
    *("partition_check_not_valid", "partition_foreign_key_trigger_disabled"),
    *("partition_foreign_key_own_name", "partition_generated_and_default", "partition_with_own_attributes"),
    # Storage of columns and TOAST tables, the index that is the replica identity:
    *("columns_storage", "replica_identity", "storage_options"),
    "statistics",  # their columns are in the order of the table, and what comes back comes last
}
"""What is not altered here; all of it is created and dropped in ``tests/catalog``."""
TYPES = ["integer", "bigint", "text", "character varying(40)", "numeric(12,3)", "boolean", "date", "jsonb", "text[]"]
VALUES = [
    *("1", "2", "'x'", "'[1,5)'", "'2020-01-01'", "'{}'", "true", "'(1,2)'", "'10.0.0.1'", "'1 day'", "'<a/>'", "B'1'"),
    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
]


@dataclass(slots=True)
class Pair:
    """Two schemas.

    Args:
        before: The statements of the one.
        after: The statements of the other.
        renamed: What the new document says: kind, schema, table or type, old name, new name.
    """

    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    renamed: list[tuple[str, ...]] = field(default_factory=list)


@contextmanager
def rolled_back(connection: Connection) -> Iterator[None]:
    with connection.begin_nested() as savepoint:
        yield
        savepoint.rollback()


def works(connection: Connection, sql: str) -> bool:
    """Run statements if the server takes them."""
    savepoint = connection.begin_nested()
    try:
        connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
    except DBAPIError:
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def make(connection: Connection, statements: Sequence[str]) -> None:
    for sql in statements:
        connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
    connection.exec_driver_sql("RESET search_path")


def pair(connection: Connection, seed: int) -> Pair:
    """Make a pair that the server takes; nothing is left in the database."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    found = Pair()
    chosen = chance.sample([path for path in FEATURES if path.stem not in LEFT_OUT], 5)
    common = chosen[: chance.choice([2, 3, 4])]
    only = chosen[len(common) :]
    with rolled_back(connection):
        base = [sql for path in common if works(connection, sql := feature(path))]
        connection.exec_driver_sql("RESET search_path")
        sides = []
        for side in (0, 1):
            with rolled_back(connection):
                more = [sql for path in only[side::2] if works(connection, sql := feature(path))]
                connection.exec_driver_sql("RESET search_path")
                sides.append([*base, *more, *Changes(connection, chance, found if side else None).made()])
    found.before, found.after = sides
    return found


def feature(path: Path) -> str:
    sql = "\n".join(line for line in path.read_text("utf-8").splitlines() if not line.startswith("-- "))
    return f"CREATE SCHEMA {path.stem[:40]}; SET LOCAL search_path TO {path.stem[:40]}, public;\n{sql}"


class Changes:
    """Random changes of whatever is there, as far as the server takes them."""

    def __init__(self, connection: Connection, chance: random.Random, noted: Pair | None) -> None:
        self.connection, self.chance, self.noted = connection, chance, noted
        self.statements: list[str] = []
        self.number = 0 if noted is None else 50
        self.kinds = [getattr(self, name) for name in dir(self) if name.startswith("do_")]

    def made(self) -> list[str]:
        for _ in range(self.chance.randint(4, 12)):
            self.snapshot = catalog.read(self.connection, depends=False)
            if not any(record.kind == "table" for record in self.snapshot):
                return self.statements
            self.number += 1
            change = self.chance.choice(self.kinds)
            sql, *renamed = change()
            if sql and works(self.connection, sql):
                self.statements.append(sql)
                if renamed and self.noted is not None:
                    self.noted.renamed.append(renamed[0])
        return self.statements

    def pick(self, kind: str) -> Any:
        parents: dict[Any, Any] = {each.key: each.parents for each in self.snapshot.of(Table)}
        tables = {key for key in parents if not parents[key]}  # children change with their parents
        found = [r for r in self.snapshot if r.kind == kind and (kind not in PARTS or r.key[:2] in tables)]
        return self.chance.choice(found) if found else None

    def on(self, kind: str, sql: str) -> tuple[str]:
        record = self.pick(kind)
        if record is None:
            return ("",)
        table = qualified(record.key[1], record.key[0]) if len(record.key) > 1 else ""
        names = {"t": table, "n": identifier(record.key[-1]), "k": f"k{self.number}", "s": identifier(record.key[0])}
        return (sql.format(**names, type=self.chance.choice(TYPES)),)

    def do_add_column(self) -> tuple[str]:
        more = self.chance.choice(["", " DEFAULT NULL", " DEFAULT '1'", " NOT NULL DEFAULT '1'"])
        return self.on("table", f"ALTER TABLE {{t}} ADD COLUMN {{k}} {{type}}{more}")

    def do_drop_column(self) -> tuple[str]:
        record = self.pick("column")
        if record is None or record.identity:  # the server cannot give it back to tables with children
            return ("",)
        return (f"ALTER TABLE {qualified(record.table, record.schema)} DROP COLUMN {identifier(record.name)}",)

    def do_retype(self) -> tuple[str]:
        return self.on("column", "ALTER TABLE {t} ALTER COLUMN {n} TYPE {type} USING NULL")

    def do_default(self) -> tuple[str]:
        return self.on(
            "column", "ALTER TABLE {t} ALTER COLUMN {n} " + self.chance.choice(["SET DEFAULT '1'", "DROP DEFAULT"])
        )

    def do_nullable(self) -> tuple[str]:
        return self.on(
            "column", "ALTER TABLE {t} ALTER COLUMN {n} " + self.chance.choice(["SET", "DROP"]) + " NOT NULL"
        )

    def do_comment(self) -> tuple[str]:
        kind, word = self.chance.choice([("table", "TABLE {t}"), ("column", "COLUMN {t}.{n}"), ("view", "VIEW {t}")])
        return self.on(kind, f"COMMENT ON {word} IS 'it''s {{k}} 50% :x'")

    def do_check(self) -> tuple[str]:
        return self.on("column", "ALTER TABLE {t} ADD CONSTRAINT {k} CHECK ({n} IS NOT NULL OR 1 > 0)")

    def do_unique(self) -> tuple[str]:
        return self.on("column", "ALTER TABLE {t} ADD CONSTRAINT {k} UNIQUE ({n})")

    def do_index(self) -> tuple[str]:
        return self.on("column", "CREATE INDEX {k} ON {t} ({n}) WHERE {n} IS NOT NULL")

    def do_drop_constraint(self) -> tuple[str]:
        return self.on("constraint", "ALTER TABLE {t} DROP CONSTRAINT {n}")

    def do_rename_constraint(self) -> tuple[str]:
        return self.on("constraint", "ALTER TABLE {t} RENAME CONSTRAINT {n} TO {k}")

    def do_drop_index(self) -> tuple[str]:
        return self.on("index", "DROP INDEX {s}.{n}")

    def do_security(self) -> tuple[str]:
        return self.on("table", "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")

    def do_policy(self) -> tuple[str]:
        return self.on("column", "CREATE POLICY {k} ON {t} FOR SELECT USING ({n} IS NULL)")

    def do_drop_policy(self) -> tuple[str]:
        return self.on("policy", "DROP POLICY {n} ON {t}")

    def do_grant(self) -> tuple[str]:
        what = self.chance.choice(["GRANT SELECT, INSERT", "GRANT UPDATE ({n})", "REVOKE ALL"])
        to = "FROM CURRENT_USER" if what.startswith("REVOKE") else "TO pg_monitor"
        return self.on("column", f"{what} ON {{t}} {to}")

    def do_view(self) -> tuple[str]:
        kind = self.chance.choice(["VIEW", "MATERIALIZED VIEW"])
        return self.on("column", f"CREATE {kind} {{s}}.{{k}} AS SELECT {{n}} AS a, 1 AS b FROM {{t}}")

    def do_view_again(self) -> tuple[str]:
        return self.on("column", "CREATE OR REPLACE VIEW {s}.again AS SELECT {n}::text AS a FROM {t}")

    def do_drop_view(self) -> tuple[str]:
        return self.on("view", "DROP VIEW {t}")

    def do_function(self) -> tuple[str]:
        body = self.chance.choice(["AS 'SELECT {number}'", "RETURN (SELECT count(*) FROM {{t}})::int"])
        body = body.format(number=self.number)
        return self.on("table", f"CREATE OR REPLACE FUNCTION {{s}}.again() RETURNS int LANGUAGE sql {body}")

    def do_trigger(self) -> tuple[str]:
        function = "CREATE OR REPLACE FUNCTION {s}.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
        return self.on("table", f"{function}; CREATE TRIGGER {{k}} BEFORE INSERT ON {{t}} EXECUTE FUNCTION {{s}}.tf()")

    def do_drop_table(self) -> tuple[str]:
        return self.on("table", "DROP TABLE {t}")

    def do_table(self) -> tuple[str]:
        return self.on("table", "CREATE TABLE {s}.{k} (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n {type})")

    def do_reference(self) -> tuple[str]:
        return self.on(
            "table",
            "ALTER TABLE {t} ADD COLUMN r{k} int; CREATE TABLE {s}.{k} (id int PRIMARY KEY);"
            " ALTER TABLE {t} ADD FOREIGN KEY (r{k}) REFERENCES {s}.{k} ON DELETE SET NULL",
        )

    def do_label(self) -> tuple[str]:
        return self.on("enum", "ALTER TYPE {t} ADD VALUE '{k}'")

    def do_statistics(self) -> tuple[str]:
        return self.on("column", "CREATE STATISTICS {s}.{k} ON {n}, tableoid FROM {t}")

    def do_publication(self) -> tuple[str]:
        return self.on("table", "CREATE PUBLICATION {k} FOR TABLE {t}")

    def do_sequence(self) -> tuple[str]:
        return self.on("sequence", "ALTER SEQUENCE {t} INCREMENT BY 7")

    def do_schema(self) -> tuple[str]:
        return self.on(
            "schema", "CREATE SCHEMA {k}; CREATE TYPE {k}.mood AS ENUM ('a'); CREATE TABLE {k}.t (m {k}.mood)"
        )

    def do_rename_column(self) -> tuple[Any, ...]:
        record = self.pick("column")
        if record is None or self.noted is None:
            return ("",)
        new = f"k{self.number}"
        sql = f"ALTER TABLE {qualified(record.table, record.schema)} RENAME COLUMN {identifier(record.name)} TO {new}"
        return sql, ("column", record.schema, record.table, record.name, new)

    def do_rename_table(self) -> tuple[Any, ...]:
        record = self.pick("table")
        if record is None or self.noted is None:
            return ("",)
        new = f"k{self.number}"
        sql = f"ALTER TABLE {qualified(record.name, record.schema)} RENAME TO {new}"
        return sql, ("table", record.schema, record.name, new)

    def do_rename_label(self) -> tuple[Any, ...]:
        record = self.pick("enum")
        if record is None or self.noted is None or not record.labels:
            return ("",)
        old, new = self.chance.choice(record.labels), f"k{self.number}"
        sql = f"ALTER TYPE {qualified(record.name, record.schema)} RENAME VALUE {quote(old)} TO '{new}'"
        return sql, ("label", record.schema, record.name, old, new)

    def do_rename_type(self) -> tuple[Any, ...]:
        record = self.pick("enum")
        if record is None or self.noted is None:
            return ("",)
        new = f"k{self.number}"
        sql = f"ALTER TYPE {qualified(record.name, record.schema)} RENAME TO {new}"
        return sql, ("enum", record.schema, record.name, new)


PARTS = {"table", "column", "constraint", "index"}


def quote(value: str) -> str:
    return "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def documents(connection: Connection, found: Pair) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both documents, the new one with its names before."""
    made = []
    for statements in (found.before, found.after):
        with rolled_back(connection):
            make(connection, statements)
            made.append(document.to_document(catalog.read(connection)))
    for renamed in found.renamed:
        if there(made[0], renamed):
            note(made[1], renamed)
    made[1]["fingerprint"] = of_document(made[1])
    return made[0], made[1]


def there(old: dict[str, Any], renamed: tuple[str, ...]) -> bool:
    kind, schema, name, *more = renamed
    for each in old.get("enums" if kind in {"enum", "label"} else "tables", ()):
        if (each["schema"], each["name"]) == (schema, name):
            if kind == "column":
                return any(column["name"] == more[0] for column in each.get("columns", ()))
            return kind != "label" or more[0] in each["values"]
    return False


def note(new: dict[str, Any], renamed: tuple[str, ...]) -> None:
    kind, schema, *names = renamed
    for each in new.get("enums" if kind in {"enum", "label"} else "tables", ()):
        if each["schema"] != schema:
            continue
        if kind in {"table", "enum"} and each["name"] == names[1]:
            each.setdefault("renamed_from", names[0])
        elif kind == "label" and names[2] in each["values"] and names[0] in {each["name"], each.get("renamed_from")}:
            each.setdefault("renamed_values", {})[names[1]] = names[2]
        elif kind == "column" and names[0] in {each["name"], each.get("renamed_from")}:
            for column in each.get("columns", ()):
                if column["name"] == names[2]:
                    column["renamed_from"] = names[1]


def fill(connection: Connection, snapshot: Snapshot, given: Sequence[str]) -> None:
    """Put rows into every table that takes some."""
    connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    for table in snapshot.of(Table):
        name = qualified(table.name, table.schema)
        columns = [each for each in snapshot.of(Column) if each.key[:2] == table.key and not each.generated]
        columns = [each for each in columns if each.identity != "always"]
        for value in given:
            listed = ", ".join(identifier(each.name) for each in columns)
            values = ", ".join(value_of(each, value, snapshot) for each in columns)
            works(
                connection,
                f"INSERT INTO {name} ({listed}) VALUES ({values})" if listed else f"INSERT INTO {name} DEFAULT VALUES",
            )


def value_of(column: Any, value: str, snapshot: Snapshot) -> str:
    enum = next(
        (
            r
            for r in snapshot
            if r.kind == "enum" and column.type in {".".join(r.key), ".".join(map(identifier, r.key))}
        ),
        None,
    )
    labels: tuple[str, ...] = getattr(enum, "labels", ())
    if labels:
        return quote(labels[0])
    if column.type.startswith(("text", "character")) and not column.type.endswith("]"):
        return f"left({value}::text, 1)"
    if column.type in {"integer", "bigint", "smallint", "numeric"}:
        return str(VALUES.index(value) + 1)
    return f"{value}" if re.match("'", value) else "DEFAULT"


def rows(connection: Connection, snapshot: Snapshot, kept: set[tuple[str, ...]]) -> dict[str, list[str]]:
    """Return the rows of tables, as far as no change touches them."""
    found = {}
    for table in snapshot.of(Table):
        columns = [key[2] for key in sorted(kept) if key[:2] == table.key]
        if columns and table.form != "foreign":
            name = qualified(table.name, table.schema)
            query = (
                f"SELECT ({', '.join(f'{identifier(each)}::text' for each in columns)})::text FROM {name} ORDER BY 1"
            )
            if len(columns) == 1:
                query = f"SELECT {identifier(columns[0])}::text FROM {name} ORDER BY 1"
            found[name] = [str(row) for row in connection.execute(Statement(query)).scalars()]
    return found
