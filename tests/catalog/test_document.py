"""Documents: nothing is lost, one form for one schema, and cheap to import."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from alembic_assay import catalog
from alembic_assay.catalog import document, document_layout
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.dependencies import Dependency
from alembic_assay.catalog.document_shapes import record_hints
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.record import Record
from alembic_assay.catalog.snapshot import KIND_ORDER, READERS, Snapshot
from alembic_assay.catalog.subscriptions import Subscription
from alembic_assay.catalog.tables import Table
from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from alembic_assay.catalog.document_text import Format

SCHEMA = """
CREATE SCHEMA "My App";
COMMENT ON SCHEMA "My App" IS 'ours';
CREATE EXTENSION btree_gist;
CREATE TYPE "My App"."Pri%:ority" AS ENUM ('b', 'a', 'it''s', 'c"d', ':x', 'no', '1.10', 'null', ' ', 'größer');
CREATE DOMAIN email AS text COLLATE "C" DEFAULT 'a@b' NOT NULL CONSTRAINT at CHECK (VALUE ~ '@') CHECK (VALUE <> '');
CREATE TYPE pair AS (a int, "B b" text COLLATE "C");
CREATE TYPE span AS RANGE (subtype = float8);
CREATE SEQUENCE down AS smallint INCREMENT -2 MAXVALUE -5 CACHE 7 CYCLE;
CREATE SEQUENCE plain;
CREATE TABLE "My App"."Order" (
    "select" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code varchar(50) COLLATE "C" NOT NULL DEFAULT ':x 50%',
    p "My App"."Pri%:ority" DEFAULT 'it''s',
    twice bigint GENERATED ALWAYS AS (length(code) * 2) STORED,
    parent bigint REFERENCES "My App"."Order" ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    "a,b" int, "c""d" int, during tstzrange, e email,
    UNIQUE ("a,b", "c""d") INCLUDE (code),
    CONSTRAINT "ck%:x" CHECK (code <> ':x)' AND code NOT LIKE '%(%'),
    EXCLUDE USING gist (code WITH =, during WITH &&) WHERE (p IS NOT NULL) DEFERRABLE
);
ALTER TABLE "My App"."Order" ADD CONSTRAINT later CHECK (code <> '') NO INHERIT NOT VALID;
COMMENT ON COLUMN "My App"."Order".code IS E'a code\\nof two lines';
CREATE UNIQUE INDEX "i%" ON "My App"."Order" USING btree (lower(code) COLLATE "C" text_pattern_ops DESC NULLS LAST, p)
    INCLUDE ("a,b") WITH (fillfactor = 70, deduplicate_items = off) WHERE parent IS NOT NULL;
CREATE INDEX g ON "My App"."Order" USING gist (during);
CREATE TABLE part (id int, day date, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE part_rest PARTITION OF part DEFAULT;
CREATE TABLE base (id int, note text) WITH (autovacuum_enabled = off);
CREATE UNLOGGED TABLE child (own int CHECK (own > 0)) INHERITS (base);
CREATE TABLE points (a int, b int, FOREIGN KEY (a, b) REFERENCES "My App"."Order" ("a,b", "c""d") MATCH FULL);
ALTER TABLE base ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON base AS RESTRICTIVE FOR UPDATE USING (id > 0) WITH CHECK (note <> '');
CREATE VIEW v AS SELECT code FROM "My App"."Order";
CREATE MATERIALIZED VIEW m AS SELECT id FROM base WITH NO DATA;
CREATE UNIQUE INDEX mi ON m (id);
CREATE FUNCTION f(a int, b text) RETURNS int LANGUAGE plpgsql AS $$BEGIN
  RETURN 1;
END$$;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE INSERT ON base FOR EACH ROW EXECUTE FUNCTION f();
ALTER TABLE base DISABLE TRIGGER tr;
ALTER TABLE points DISABLE TRIGGER ALL;
CREATE RULE ru AS ON DELETE TO base DO INSTEAD NOTHING;
CREATE STATISTICS st ON id, note FROM base;
GRANT SELECT ON base TO PUBLIC;
GRANT UPDATE (note) ON base TO PUBLIC;
"""

RARE = """
CREATE ACCESS METHOD am TYPE INDEX HANDLER gisthandler;
CREATE LANGUAGE lang HANDLER plpgsql_call_handler;
CREATE COLLATION co (provider = libc, locale = 'C');
CREATE TYPE shell;
CREATE DEFAULT CONVERSION cv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE OPERATOR ~~> (FUNCTION = int4gt, LEFTARG = int, RIGHTARG = int, NEGATOR = <=);
CREATE OPERATOR CLASS oc FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int);
CREATE CAST (pair AS text) WITH INOUT;
CREATE TRANSFORM FOR pair LANGUAGE plpgsql (FROM SQL WITH FUNCTION prsd_lextype(internal));
CREATE TEXT SEARCH PARSER pa (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE te (LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY di (TEMPLATE = te);
CREATE TEXT SEARCH CONFIGURATION cf (COPY = simple);
CREATE FOREIGN DATA WRAPPER fdw OPTIONS (a 'x=y');
CREATE SERVER far FOREIGN DATA WRAPPER fdw;
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (a 'b');
CREATE PUBLICATION pub FOR TABLE points;
CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER et ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION et();
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
DO $$BEGIN EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || ' SET work_mem = 7000'; END$$;
REVOKE EXECUTE ON FUNCTION gbt_oid_consistent(internal, oid, int2, oid, internal) FROM PUBLIC;
INSERT INTO pg_seclabel SELECT 'base'::regclass, 'pg_class'::regclass, 1, 'dummy', 'secret';
"""

EXAMPLE: dict[str, Any] = {
    "format": "schema/1",
    "name": "todo",
    "version": "1.0.0",
    "enums": [{"schema": "public", "name": "task_status", "values": ["Pending", "In Progress", "Done"]}],
    "tables": [
        {
            "schema": "public",
            "name": "tasks",
            "comment": "A task of one user",
            "columns": [
                {"name": "id", "type": "bigint", "nullable": False, "identity": {"always": False}},
                {"name": "user_id", "type": "text", "nullable": False},
                {"name": "title", "type": "text", "nullable": False},
                {"name": "status", "type": "task_status", "nullable": False, "default": "'Pending'"},
                {"name": "deleted_at", "type": "timestamp with time zone"},
            ],
            "primary_key": {"name": "pk_tasks", "columns": ["id"]},
            "foreign_keys": [
                {
                    "name": "fk_tasks_user_id_users",
                    "columns": ["user_id"],
                    "references": {"table": "public.users", "columns": ["id"]},
                    "on_delete": "CASCADE",
                    "relationship": {"name": "user", "inverse": "tasks"},
                }
            ],
            "uniques": [],
            "checks": [{"name": "ck_tasks_title_not_blank", "expression": "btrim(title) <> ''"}],
            "excludes": [],
            "indexes": [
                {
                    "name": "idx_tasks_user_id_partial",
                    "method": "btree",
                    "keys": [{"column": "user_id"}, {"column": "id", "order": "desc"}],
                    "where": "deleted_at IS NULL",
                }
            ],
            "classification": {"title": "pii"},
            "retention": None,
            "policies": [],
        },
        {
            "schema": "public",
            "name": "users",
            "columns": [{"name": "id", "type": "text", "nullable": False}],
            "primary_key": {"name": "pk_users", "columns": ["id"]},
        },
    ],
    "decisions": [{"decision": "index idx_tasks_user_id_partial", "because": ["/queries/1"]}],
    "open_questions": [],
    "lints": [],
}


def read(connection: Connection) -> Snapshot:
    """Read all kinds; the subscription is made here: a database that has one cannot be dropped."""
    found = catalog.read(connection)
    subscription = Subscription(name="sub", publications=("b", "a"), options=("binary=true",), owner="o", comment="c")
    records = sorted([*found, subscription], key=lambda each: KIND_ORDER[each.kind])
    return Snapshot(tuple(records), found.dependencies)


@pytest.fixture
def snapshot(connection: Connection) -> Snapshot:
    connection.exec_driver_sql(SCHEMA + RARE, execution_options={"no_parameters": True})
    return read(connection)


def through_text(snapshot: Snapshot, output_format: Format) -> Snapshot:
    written = document.dumps(document.to_document(snapshot), output_format)
    return document.from_document(document.loads(written, output_format))


@pytest.mark.parametrize("output_format", ["json", "yaml"])
def test_a_database_survives_the_round_trip(snapshot: Snapshot, output_format: Format) -> None:
    assert {record.kind for record in snapshot} == set(KIND_ORDER)
    assert through_text(snapshot, output_format) == snapshot


def test_the_parts_of_a_table_stand_in_it_and_columns_are_in_order(snapshot: Snapshot) -> None:
    found = document.to_document(snapshot)
    order = next(table for table in found["tables"] if table["name"] == "Order")
    assert [column["name"] for column in order["columns"]][:4] == ["select", "code", "p", "twice"]
    assert not any("position" in column for column in order["columns"])
    assert order["primary_key"]["columns"] == ["select"]
    assert [key["on_delete"] for key in order["foreign_keys"]] == ["SET NULL"]
    assert next(table for table in found["tables"] if table["name"] == "part_1")["partition"] == {
        "of": "public.part",
        "bounds": "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    }
    assert not {"columns", "constraints", "indexes", "triggers", "rules", "policies"} & found.keys()
    assert next(view for view in found["views"] if view["name"] == "m")["indexes"][0]["name"] == "mi"


def test_every_definition_is_taken_apart_and_gives_itself_again(snapshot: Snapshot) -> None:
    found = document.to_document(snapshot)
    sections = {*document_layout.CONSTRAINT_SECTIONS.values(), "indexes"}
    taken = 0
    for table in found["tables"]:
        parts = [part for name in sections & table.keys() for part in _listed(table[name])]
        for part in parts:
            del part["definition"]
        taken += len(parts)
    again = document_layout.records(found)
    views = {"m"}
    assert [str(change) for change in catalog.diff(snapshot, again) if change.record.key[1] not in views] == []
    assert taken > 15


def test_what_a_server_holds_is_valid_without_a_fingerprint(snapshot: Snapshot) -> None:
    found = document.to_document(snapshot)
    del found["fingerprint"]
    assert document.from_document(found) == snapshot


def _listed(part: Any) -> list[dict[str, Any]]:
    return part if isinstance(part, list) else [part]


def test_canonical_is_canonical(snapshot: Snapshot, connection: Connection) -> None:
    found = document.to_document(snapshot)
    assert document.to_document(document.from_document(found)) == found
    shuffled = json.loads(json.dumps(found, sort_keys=True))
    shuffled["tables"].reverse()
    assert document.dumps(document.to_document(document.from_document(shuffled))) == document.dumps(found)
    assert document.dumps(document.to_document(read(connection))) == document.dumps(found)


def test_the_example_of_the_design_is_what_the_server_makes_of_it(connection: Connection) -> None:
    wanted = document.from_document(EXAMPLE)
    for statement in (
        "CREATE TABLE users (id text NOT NULL CONSTRAINT pk_users PRIMARY KEY)",
        "CREATE TYPE task_status AS ENUM ('Pending', 'In Progress', 'Done')",
        """CREATE TABLE tasks (id bigint GENERATED BY DEFAULT AS IDENTITY CONSTRAINT pk_tasks PRIMARY KEY,
        user_id text NOT NULL, title text NOT NULL, status task_status NOT NULL DEFAULT 'Pending',
        deleted_at timestamptz)""",
        "COMMENT ON TABLE tasks IS 'A task of one user'",
        *(
            f"ALTER TABLE tasks ADD CONSTRAINT {each.name} {each.definition}"
            for each in wanted.of(Constraint)
            if each.type in {"foreign key", "check"}
        ),
        *(index.definition for index in wanted.of(catalog.indexes.Index)),
    ):
        connection.execute(text(statement))
    real = catalog.read(connection)
    assert {each.key for each in wanted.of(Column)} == {each.key for each in real.of(Column)}
    foreign_keys = [each for each in real.of(Constraint) if each.type == "foreign key"]
    assert foreign_keys == [each for each in wanted.of(Constraint) if each.type == "foreign key"]
    enums = real.of(Enum)
    assert [each.labels for each in enums] == [each.labels for each in wanted.of(Enum)]


def samples(record_type: type[Record]) -> Record:
    """A record of a kind in which no field has its default."""
    values = {name: _other(name, hint) for name, hint in record_hints(record_type).items()}
    for field in fields(record_type):
        if field.default is not MISSING and isinstance(field.default, bool | int):
            values[field.name] = not field.default if isinstance(field.default, bool) else field.default + 3
    return record_type(**values)


def _other(name: str, hint: Any) -> Any:
    if get_origin(hint) is tuple:
        return (_other(name, get_args(hint)[0]),)
    if type(None) in get_args(hint):
        return _other(name, next(each for each in get_args(hint) if each is not type(None)))
    usual: dict[str, Any] = {"identity": "always", "generated": "virtual", "type": "exclude"}
    assert hint in {str, int, bool}, f"document_shapes cannot write a {hint} ({name}): teach it to"
    return {str: usual.get(name, f"some {name}"), int: 7, bool: True}[hint]


@pytest.mark.parametrize("record_type", READERS, ids=lambda record_type: record_type.kind)
@pytest.mark.parametrize("inside", [False, True])
def test_every_field_of_every_kind_is_written(record_type: type[Record], inside: bool) -> None:
    record = samples(record_type)
    records = [record]
    if inside and document_layout.is_nested(record_type):
        records = [Table(schema=record.key[0], name=record.key[1]), record]
    snapshot = Snapshot(tuple(records))
    assert through_text(snapshot, "json") == snapshot
    assert through_text(snapshot, "yaml") == snapshot


def test_what_a_snapshot_holds_besides_records_is_written() -> None:
    assert [field.name for field in fields(Snapshot)] == ["records", "dependencies"]
    snapshot = Snapshot((), (Dependency("view", ("a", "v"), "table", ("a", "t")),))
    assert document.to_document(snapshot)["dependencies"] == [
        {"object": ["view", "a", "v"], "needs": ["table", "a", "t"]}
    ]
    assert through_text(snapshot, "yaml") == snapshot


def test_a_kind_without_a_place_is_refused() -> None:
    class Other(Record):
        kind = "other"
        key_fields = ()

    with pytest.raises(TypeError, match=r"^a other has no place in schema/1$"):
        document.to_document(Snapshot((Other(),)))


names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@settings(deadline=None)  # the first example pays for the imports
@given(names, names, st.lists(names, unique=True, max_size=4), st.none() | names)
def test_any_text_survives(schema: str, name: str, labels: list[str], comment: str | None) -> None:
    enum = Enum(schema=schema, name=name, labels=tuple(labels), comment=comment)
    column = Column(schema=schema, table=name, name=name, position=1, type="text", default=comment)
    snapshot = Snapshot((enum, Table(schema=schema, name=name, comment=comment), column))
    assert through_text(snapshot, "json") == snapshot
    assert through_text(snapshot, "yaml") == snapshot


def test_a_file_is_read_by_its_ending(tmp_path: Path) -> None:
    snapshot = Snapshot((Enum(schema="public", name="é", labels=("no", "08", "1.10")),))
    for name, output_format in (("a.json", "json"), ("a.yml", "yaml"), ("b.YAML", "yaml")):
        path = tmp_path / name
        path.write_text("\ufeff" + document.dumps(document.to_document(snapshot), output_format), "utf-8")  # type: ignore[arg-type] # one of the two
        assert document.load(path) == snapshot


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"format": "\xff"}', "{path}: expected UTF-8: invalid start byte at byte 12."),
        (None, "cannot read {path}: No such file or directory."),
    ],
)
def test_an_unreadable_file_is_one_line(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AssayError) as caught:
        document.load(path)
    assert str(caught.value) == message.format(path=path)


def test_the_json_schema_describes_every_kind() -> None:
    schema = document.json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {document_layout.section_name(record_type) for record_type in READERS} <= schema["properties"].keys()
    assert schema["required"] == ["format"]
    column = schema["$defs"]["Column"]
    assert column["required"] == ["name", "type"]
    assert column["properties"]["collation"]["description"] == "With its schema; ``None`` where it is the type's own."
    assert schema["$defs"]["ForeignKey"]["properties"]["on_delete"]["enum"][0] == "NO ACTION"
    json.dumps(schema)


@pytest.mark.parametrize("module", ["alembic_assay.catalog", "alembic_assay.catalog.document", "alembic_assay.env"])
def test_importing_does_not_pay_for_pydantic_or_yaml(module: str) -> None:
    code = f"import sys, {module}; print([name for name in ('pydantic', 'yaml') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
