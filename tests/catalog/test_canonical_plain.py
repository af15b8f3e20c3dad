"""What is known without creating tables is what the server makes of them: every record, every dependency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects import postgresql

from alembic_assay.catalog import canonical_creation, canonical_plain_tables
from alembic_assay.catalog.canonical import Canonical, canonical

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from alembic_assay.catalog.canonical_pieces import TableDDL

NAMES = [
    "a",
    "b_c",
    "Order",
    "select",
    "time",
    "it's",
    'a"b',
    "a.b",
    "ü" * 31,
    "x" * 63,
    "y" * 40,
    "50%",
    ":z",
    "int",
    "k",
]


def known_and_made(
    connection: Connection, metadata: MetaData, monkeypatch: pytest.MonkeyPatch
) -> tuple[Canonical, Canonical, set[str]]:
    """Return both forms, and the names of the tables that were not created for the first one."""
    created: list[str] = []
    chunk = canonical_creation.Creation._add

    def note(self: Any, scratch: Any, tables: list[TableDDL]) -> None:
        created.extend(table.key[1] for table in tables)
        chunk(self, scratch, tables)

    with monkeypatch.context() as patch:
        patch.setattr(canonical_creation.Creation, "_add", note)
        known = canonical(connection, metadata)
    with monkeypatch.context() as patch:
        patch.setattr(canonical_plain_tables, "plain", lambda _table: None)
        made = canonical(connection, metadata)
    return known, made, {table.name for table in metadata.tables.values()} - set(created)


def types(metadata: MetaData) -> list[Any]:
    mood = Enum("sad", "it's", name="Mood", metadata=metadata)
    level = postgresql.DOMAIN("level", Integer(), check=text("VALUE > 0"), not_null=True, metadata=metadata)
    return [
        Integer(), SmallInteger(), BigInteger(), String(), String(20), String(7, collation="C"), Text(), Boolean(), Date(),
        DateTime(timezone=True), postgresql.TIMESTAMP(precision=3), postgresql.INTERVAL(fields="DAY TO SECOND"),
        Numeric(), Numeric(10, 2), Float(), Float(24), LargeBinary(), postgresql.JSONB(), JSON(), postgresql.UUID(),
        postgresql.INET(), postgresql.BIT(5), postgresql.CHAR(3), postgresql.TSVECTOR(), postgresql.INT4RANGE(),
        ARRAY(Integer), ARRAY(String(9)), ARRAY(mood), mood, level,
    ]  # fmt: skip


DEFAULTS: list[tuple[type, list[Any]]] = [
    (String, ["x", text("'it''s'"), func.now(), text("'a' || 'b'"), text("lower('A')")]),
    (Numeric, [text("0"), text("-1.50"), text("1 + 1"), text("no_function()")]),
    (Integer, [text("0"), text("-1"), text("'7'"), text("1 + 1")]),
    (DateTime, [func.now(), text("CURRENT_TIMESTAMP"), text("'2020-01-01'")]),
    (Boolean, [text("true"), text("'f'")]),
    (ARRAY, [text("'{}'")]),
]
KEYS = (PrimaryKeyConstraint, UniqueConstraint)
CHECKS = [
    "{} IS NOT NULL",
    "{}::text <> ''",
    "length({}::text) > 1",
    "{} > 0",
    "({0}, {0}) IS NOT NULL",
    "{t}.{} IS NULL",
]


@st.composite
def many_tables(draw: st.DrawFn) -> MetaData:
    metadata = MetaData(naming_convention=draw(st.sampled_from([None, {"uq": "uq_%(table_name)s", "fk": "f"}])))
    pool = types(metadata)
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    for name in names:
        columns = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
        table = Table(name, metadata, comment=draw(st.sampled_from([None, "", "it's"])))
        for column in columns:
            table.append_column(_column(draw, column, pool))
        _parts(draw, table, columns, [each for each in metadata.tables.values() if each is not table])
    return metadata


def _column(draw: st.DrawFn, name: str, pool: list[Any]) -> Column[Any]:
    if draw(st.integers(0, 7)) == 0:
        type_ = draw(st.sampled_from([Integer, BigInteger, SmallInteger]))
        return Column(
            name, type_, Identity(always=draw(st.booleans()), start=draw(st.sampled_from([None, 5])), cycle=True)
        )
    type_ = draw(st.sampled_from(pool))
    defaults: list[Any] = next((each for kind, each in DEFAULTS if type(type_) is kind), [])
    default = draw(st.sampled_from([None, None, *defaults]))
    comment = draw(st.sampled_from([None, None, "", "it's", "50%"]))
    return Column(name, type_, nullable=draw(st.booleans()), server_default=default, comment=comment)


def _parts(draw: st.DrawFn, table: Table, columns: list[str], others: list[Table]) -> None:
    some = st.lists(st.sampled_from(columns), min_size=1, max_size=3, unique=True)
    if draw(st.booleans()):
        table.append_constraint(PrimaryKeyConstraint(*draw(some), name=draw(st.sampled_from([None, "pk one"]))))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        table.append_constraint(UniqueConstraint(*draw(some)))
    for number in range(draw(st.integers(0, 2))):
        Index(f"{table.name[:20]} {number}", *[table.c[each] for each in draw(some)], unique=draw(st.booleans()))
    for number in range(draw(st.sampled_from([0, 0, 1, 2]))):
        preparer = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call] # SQLAlchemy's own
        column = preparer.quote(draw(st.sampled_from(columns)))
        sql = draw(st.sampled_from(CHECKS)).format(column, t=preparer.quote(table.name))
        table.append_constraint(CheckConstraint(sql, name=draw(st.sampled_from([None, f"check {number}"]))))
    for other in others[: draw(st.sampled_from([0, 1, 2]))]:
        keys = sorted(
            list(each.columns.keys()) for each in other.constraints if isinstance(each, KEYS) and each.columns
        )
        target = draw(st.sampled_from(keys or [[next(iter(other.columns.keys()))]]))
        if len(target) <= len(columns):
            refs = [other.c[each] for each in target]
            actions = draw(st.sampled_from([None, "CASCADE", "SET NULL", "NO ACTION"]))
            table.append_constraint(ForeignKeyConstraint(columns[: len(target)], list(refs), ondelete=actions))


def application() -> MetaData:
    metadata = MetaData()
    mood = Enum("sad", "it's", name="Mood", metadata=metadata)
    Table(
        "users",
        metadata,
        Column("id", Integer, primary_key=True, comment="it's; 50%"),
        Column("email", String(200), nullable=False, unique=True),
        Column("mood", mood, server_default="it's", index=True),
        Column("moods", ARRAY(mood), server_default=text("'{}'"), nullable=False),
        Column("made", DateTime(timezone=True), server_default=func.now(), nullable=False),
        CheckConstraint("length(email) > 3 AND email LIKE '%:@%'"),
        CheckConstraint("price > 0", name="of another table"),
        comment="",
    )
    Table(
        'Or"der',
        metadata,
        Column("select", BigInteger, Identity(always=True, start=7), primary_key=True),
        Column("user_id", Integer, nullable=False),
        Column("price", Numeric(10, 2), server_default=text("0")),
        Column("time", Date),
        Column("parent", BigInteger),
        CheckConstraint("price > 0"),
        CheckConstraint("price < 9 OR user_id < 9"),
        UniqueConstraint("user_id", "time"),
        ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["parent"], ['Or"der.select'], onupdate="SET NULL", ondelete="NO ACTION"),
        Index("by time", "time", "price", unique=True),
    )
    with_long_names(metadata)
    return metadata


def with_long_names(metadata: MetaData) -> None:
    long = "ünï" * 12
    Table(
        long,
        metadata,
        Column("n" * 63, BigInteger, primary_key=True, autoincrement=True),
        Column(long, Text, unique=True),
        Column("fk", BigInteger),
        Column("tag", String(8, collation="C")),
        CheckConstraint("tag <> ''"),
        ForeignKeyConstraint(["fk"], ['Or"der.select']),
    )


def test_tables_of_applications_are_not_created(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    known, made, plain = known_and_made(connection, application(), monkeypatch)
    assert set(known) ^ set(made) == set()
    assert known == made
    assert plain == {'Or"der', "ünï" * 12}  # a check of users names what only another table has
    assert [refused.title for refused in known.refused] == ['constraint public.users."of another table"']


@pytest.mark.parametrize(
    "table",
    [
        Table("t", MetaData(), Column("a", Integer), Column("b", Integer, Computed("a + 1", persisted=True))),
        Table("t", MetaData(), Column("a", Integer), Index("i", "a", postgresql_using="hash")),
        Table("t", MetaData(), Column("a", Integer), Index("i", "a", postgresql_where=text("a > 0"))),
        Table("t", MetaData(), Column("a", Integer), Index("i", text("a DESC"))),
        Table("t", MetaData(), Column("a", Integer), UniqueConstraint("a", deferrable=True)),
        Table("t", MetaData(), Column("a", JSON, index=True)),
        Table("t", MetaData(), Column("a", Integer), CheckConstraint("t.a > 0")),
        Table("t", MetaData(), Column("a", Integer), CheckConstraint("(t).a > 0 -- b")),
        Table("t", MetaData(), Column("a", Text, server_default=text(r"E'\\x'"))),
        Table("t", MetaData(), Column("a", Text, server_default=text("$$a, \n\tb$$"))),
        Table("t", MetaData(), Column("a", BigInteger, server_default=text("nextval('s')"))),
        Table("t", MetaData(), Column("a" * 64, Integer)),
        Table("t", MetaData(), Column("ctid", Integer)),
        Table("t", MetaData(), Column("a", Integer), UniqueConstraint("a"), UniqueConstraint("a")),
        Table("t", MetaData(), Column("a", Integer), prefixes=["UNLOGGED"]),
        Table("t", MetaData(), Column("a", Integer), postgresql_partition_by="RANGE (a)"),
        Table("t", MetaData(), Column("a_b", Integer, unique=True), Column("a", Integer), Column("b", Integer),
              UniqueConstraint("a", "b")),
    ],
)  # fmt: skip
def test_what_is_not_plain_is_asked(connection: Connection, monkeypatch: pytest.MonkeyPatch, table: Table) -> None:
    connection.execute(text("CREATE SEQUENCE s"))
    known, made, plain = known_and_made(connection, table.metadata, monkeypatch)
    assert known == made
    assert plain == set()


def test_a_literal_may_look_like_ddl(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = MetaData()
    hostile = 'x\', \n\tUNIQUE (a), \n\tb text) -- CHECK ("a")'
    Table(
        "t", metadata, Column("a", Text, server_default=hostile), Column("b", Text, CheckConstraint("b <> 'a, \n\t('"))
    )
    known, made, _ = known_and_made(connection, metadata, monkeypatch)
    assert known == made
    assert known.refused == ()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(metadata=many_tables())
def test_random_tables_are_as_the_server_makes_them(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, metadata: MetaData
) -> None:
    known, made, _ = known_and_made(connection, metadata, monkeypatch)
    assert set(known) ^ set(made) == set()
    assert set(known.dependencies) ^ set(made.dependencies) == set()
    assert known.records == made.records
    # The server's words depend on which of two that refer to each other is made first.
    assert [each.title for each in known.refused] == [each.title for each in made.refused]
