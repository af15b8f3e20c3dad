"""The canonical form of models: what ``create_all`` and the reader would give, without leaving anything behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    Sequence,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    func,
    text,
)
from sqlalchemy.dialects import postgresql

from alembic_assay import catalog
from alembic_assay.catalog.canonical import Canonical, canonical
from alembic_assay.catalog.columns import Column as ColumnRecord
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.enums import Enum as EnumRecord
from alembic_assay.catalog.extensions import Extension
from alembic_assay.catalog.schemas import Schema
from alembic_assay.catalog.tables import Table as TableRecord
from alembic_assay.sql import qualified

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

    from alembic_assay.catalog.record import Record

NO_PARAMETERS = {"no_parameters": True}


def rich() -> MetaData:
    metadata = MetaData()
    options: dict[str, Any] = {"postgresql_with": {"fillfactor": 80}} if sqlalchemy.__version__ >= "2.1" else {}
    mood = Enum("sad", "it's", ":x", name="mood", metadata=metadata)
    level = postgresql.DOMAIN("level", Integer(), check=text("VALUE > 0"), not_null=True, schema="My App")
    Sequence("numbers", start=10, increment=5, cache=3, cycle=True, metadata=metadata, schema="My App")
    Table(
        "Order",
        metadata,
        Column("select", BigInteger, Identity(always=True, start=7), primary_key=True),
        Column("code", String(50, collation="C"), nullable=False, server_default=text("'x:y 50%'")),
        Column("mood", mood, server_default="it's", comment="how it's; 100%"),
        Column("moods", ARRAY(mood), server_default=text("'{}'")),
        Column("level", level),
        Column("price", Numeric(10, 2), Computed("length(code) * 2", persisted=True)),
        Column("number", BigInteger, server_default=text("nextval('\"My App\".numbers')")),
        Column("parent", BigInteger, ForeignKey("My App.Order.select", ondelete="CASCADE")),
        Column("user_id", Integer, ForeignKey("users.id", deferrable=True, initially="DEFERRED")),
        Column("flag", Boolean, server_default=text("false")),
        CheckConstraint("code <> ':x' AND code NOT LIKE '%z%'", name="ck%:x"),
        CheckConstraint("level > 1"),
        CheckConstraint("level > 2"),
        UniqueConstraint("code", "number", deferrable=True, initially="DEFERRED"),
        postgresql.ExcludeConstraint(("number", "="), where=text("flag"), name="no_two", using="btree"),
        Index("i%", func.lower(text("code")), text("number DESC NULLS LAST"), postgresql_where=text("flag")),
        Index("covering", "level", postgresql_include=["code"], postgresql_with={"fillfactor": 70}),
        Index("hashed", "code", postgresql_using="hash"),
        schema="My App",
        comment='an "order"; it\'s 50%',
        **options,
    )
    poorer(metadata, mood)
    return metadata


def poorer(metadata: MetaData, mood: Enum) -> None:
    Table(
        "users",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("best", BigInteger, ForeignKey("My App.Order.select", name="fk_best", use_alter=True)),
        Column("mood", mood, unique=True),
        Column("other", Integer, Sequence("others"), index=True),
        Column("name", Text, CheckConstraint("name <> ''")),
    )
    Table("base", metadata, Column("a", Integer), postgresql_partition_by="RANGE (a)")
    Table("parent", metadata, Column("a", Integer, CheckConstraint("a > 0", name="positive")))
    Table("child", metadata, Column("b", Integer), postgresql_inherits="parent")


def what_models_say(snapshot: catalog.Snapshot) -> list[Record]:
    """Leave out what no model says."""
    records: list[Record] = []
    for record in snapshot:
        if isinstance(record, Schema | Extension):
            continue
        empty: dict[str, Any] = {"owner": "", "acl": None}
        records.append(replace(record, **{name: value for name, value in empty.items() if hasattr(record, name)}))
    return records


def created(connection: Connection, metadata: MetaData) -> list[Record]:
    """Return what ``create_all`` makes, read by the same reader."""
    metadata.create_all(connection)
    return what_models_say(catalog.read(connection))


def assert_same_as_create_all(connection: Connection, metadata: MetaData) -> Canonical:
    found = canonical(connection, metadata)
    assert [record.title for record in catalog.read(connection) if not isinstance(record, Schema | Extension)] == []
    assert list(found) == created(connection, metadata)
    assert found.refused == ()
    return found


def test_everything_that_models_can_say_is_as_create_all_makes_it(connection: Connection) -> None:
    connection.execute(text('CREATE SCHEMA "My App"'))
    assert_same_as_create_all(connection, rich())


def test_in_small_chunks_it_is_the_same(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.execute(text('CREATE SCHEMA "My App"'))
    whole = canonical(connection, rich())
    monkeypatch.setattr("alembic_assay.catalog.canonical_chunks.RELATIONS_AT_ONCE", 1)
    assert canonical(connection, rich()) == whole


@pytest.mark.parametrize("at_once", [1, 2000])
def test_a_default_may_name_the_sequence_of_another_table(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    metadata = MetaData()
    long = "Long" * 14
    default = text(f"""nextval('"{long[:50]}_identity_seq"')""")
    first = Table("a", metadata, Column("id", Integer, server_default=text("nextval('public.b_id_seq'::regclass)")))
    second = Table("b", metadata, Column("id", Integer, primary_key=True), Column("n", Integer, server_default=default))
    third = Table(long, metadata, Column("identity", BigInteger, primary_key=True))
    second.add_is_dependent_on(third)
    first.add_is_dependent_on(second)
    monkeypatch.setattr("alembic_assay.catalog.canonical_chunks.RELATIONS_AT_ONCE", at_once)
    assert_same_as_create_all(connection, metadata)


def test_a_table_may_point_to_many_that_are_elsewhere(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = MetaData()
    targets = [Table(name, metadata, Column("id", Integer, primary_key=True)) for name in ("a", "b", "c")]
    Table("d", metadata, *[Column(f"{each.name}_id", Integer, ForeignKey(each.c.id)) for each in targets])
    monkeypatch.setattr("alembic_assay.catalog.canonical_chunks.RELATIONS_AT_ONCE", 1)
    assert_same_as_create_all(connection, metadata)


def test_models_are_not_changed(connection: Connection) -> None:
    connection.execute(text('CREATE SCHEMA "My App"'))
    metadata = rich()
    Table("broken", metadata, Column("a", Integer), CheckConstraint("no_column > 0"))
    canonical(connection, metadata)
    metadata.remove(metadata.tables["broken"])
    assert created(connection, metadata) == list(canonical(connection, rich()))


def test_nothing_is_left_behind(connection: Connection) -> None:
    connection.execute(text("SET LOCAL lock_timeout = '7s'"))
    connection.execute(text("SET LOCAL search_path = public, pg_catalog"))
    connection.execute(text("CREATE TABLE before (id int)"))
    before = catalog.read(connection)
    canonical(connection, rich())
    assert catalog.read(connection) == before
    assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "7s"
    assert connection.execute(text("SHOW search_path")).scalar_one() == "public, pg_catalog"
    assert connection.execute(text("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^assay'")).scalar_one() == 0


def test_without_a_transaction_none_is_left_open(connection: Connection) -> None:
    canonical(connection, rich())
    assert not connection.in_transaction()


def test_two_runs_are_equal(connection: Connection) -> None:
    assert canonical(connection, rich()) == canonical(connection, rich())


@pytest.mark.parametrize("schema", ["public", "It's", 'a"b', "select", "ünï.cödé", "back\\slash", "x" * 63, "a%b:c"])
def test_names_of_schemas_come_back_exactly(connection: Connection, schema: str) -> None:
    quoted = '"' + schema.replace('"', '""') + '"'
    metadata = MetaData(schema=schema)
    Table("t", metadata, Column("id", Integer, primary_key=True), Column("mood", Enum("a", name="mood", schema=schema)))
    Table("u", metadata, Column("t_id", Integer, ForeignKey(f"{schema}.t.id"), index=True), Column("n", Integer))
    if "." in schema:
        metadata = MetaData()
        Table("t", metadata, Column("id", Integer, primary_key=True), schema=schema)
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {quoted}", execution_options=NO_PARAMETERS)
    assert_same_as_create_all(connection, metadata)


def test_texts_name_objects_of_the_models_and_of_the_database(connection: Connection) -> None:
    connection.execute(text("CREATE SCHEMA app"))
    connection.execute(text("CREATE FUNCTION app.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'"))
    connection.execute(text("CREATE FUNCTION g(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'"))
    connection.execute(text("CREATE TYPE app.size AS ENUM ('s', 'l')"))
    metadata = MetaData(schema="app")
    Sequence("numbers", metadata=metadata)
    Table(
        "t",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("n", Integer, server_default=text("nextval('app.numbers'::regclass)")),
        Column("m", Integer, server_default=text("""nextval('"app" . "t_id_seq"')""")),
        Column("mood", Enum("a", name="mood", schema="app"), server_default=text("'a'::app.mood")),
        Column("size", postgresql.ENUM(name="size", schema="app", create_type=False), server_default=text("'s'")),
        Column("note", Text, server_default=text("'app.mood and \"app\".t'")),
        CheckConstraint("app.f(n) > 0 AND g(m) > 0 AND app.t.id > 0", name="named"),
    )
    found = canonical(connection, metadata)
    assert found.refused == ()
    defaults = {column.name: column.default for column in found.of(ColumnRecord)}
    assert defaults == {
        "id": "nextval('app.t_id_seq'::regclass)",
        "n": "nextval('app.numbers'::regclass)",
        "m": "nextval('app.t_id_seq'::regclass)",
        "mood": "'a'::app.mood",
        "size": "'s'::app.size",
        "note": "'app.mood and \"app\".t'::text",
    }
    assert [enum.title for enum in found.of(EnumRecord)] == ["enum app.mood"]


def test_types_of_extensions_are_found(connection: Connection) -> None:
    connection.execute(text("CREATE SCHEMA ext"))
    connection.execute(text("CREATE EXTENSION citext SCHEMA ext"))
    connection.execute(text("CREATE EXTENSION hstore"))
    connection.execute(text("SET LOCAL search_path = public, ext"))
    metadata = MetaData()
    Table("t", metadata, Column("a", postgresql.CITEXT), Column("b", postgresql.HSTORE), Index("i", "a", "b"))
    found = canonical(connection, metadata)
    assert [column.type for column in found.of(ColumnRecord)] == ["ext.citext", "public.hstore"]


def test_the_search_path_decides_where_objects_go(connection: Connection) -> None:
    connection.execute(text("CREATE SCHEMA tenant"))
    connection.execute(text("SET LOCAL search_path = missing, tenant, public"))
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True))
    assert [table.title for table in canonical(connection, metadata).of(TableRecord)] == ["table tenant.t"]


def test_schema_translate_map_is_honoured(database_url: URL) -> None:
    metadata = MetaData()
    Table("a", metadata, Column("id", Integer, primary_key=True), Column("e", Enum("x", name="e")))
    Table("b", metadata, Column("a_id", Integer, ForeignKey("a.id")), schema="shared")
    engine = create_engine(database_url).execution_options(schema_translate_map={None: "One", "shared": "two"})
    with engine.connect() as connection:
        connection.execute(text('CREATE SCHEMA "One"'))
        connection.execute(text("CREATE SCHEMA two"))
        found = assert_same_as_create_all(connection, metadata)
    engine.dispose()
    assert [table.title for table in found.of(TableRecord)] == ['table "One".a', "table two.b"]


def test_several_metadata_are_one(connection: Connection) -> None:
    first, second = MetaData(), MetaData()
    target = Table("a", first, Column("id", Integer, primary_key=True), Column("e", Enum("x", name="e")))
    Table("b", second, Column("a_id", Integer, ForeignKey(target.c.id)), Column("e", Enum("x", name="e")))
    found = canonical(connection, [first, second])
    assert [record.title for record in found if record.kind in {"enum", "table"}] == [
        "enum public.e",
        "table public.a",
        "table public.b",
    ]
    assert "b_a_id_fkey" in {each.name for each in found.of(Constraint)}
    assert canonical(connection, second).refused == ()


def test_existing_tables_are_not_locked(connection: Connection, database_url: URL) -> None:
    metadata = rich()
    other = create_engine(database_url)
    with other.begin() as setup:
        setup.execute(text('CREATE SCHEMA "My App"'))
        metadata.create_all(setup)
    with other.connect() as holder:
        for table in metadata.tables.values():
            holder.execute(text(f"LOCK TABLE {qualified(table.name, table.schema)}"))
        assert canonical(connection, metadata).refused == ()
        second = MetaData()
        Table("new", second, Column("id", Integer), Column("user_id", ForeignKey(metadata.tables["users"].c.id)))
        assert canonical(connection, second).refused == ()
    other.dispose()


def test_two_sessions_at_once_do_not_wait_for_each_other(connection: Connection, database_url: URL) -> None:
    other = create_engine(database_url)
    with other.connect() as second, connection.begin():
        assert canonical(connection, rich()) == canonical(second, rich())
    other.dispose()
