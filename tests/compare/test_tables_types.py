"""Types, conversions and defaults: full cycles with rows that hold values of the type before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, text
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import UserDefinedType
from tests.support.autogenerate import cycle, execute
from tests.support.cases import Case, both_ways, task
from tests.support.roundtrip import at_least, has_extension

if TYPE_CHECKING:
    from sqlalchemy import URL
    from tests.support.cases import Models


class Named(UserDefinedType[Any]):
    """A type that SQLAlchemy knows nothing of."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Named({self.name!r})"


class Lowered(sa.TypeDecorator[str]):
    """A type of the project's own."""

    impl = sa.String(40)
    cache_ok = True


def typed(type_: Any, **options: Any) -> Models:
    """The table with a column of that type."""
    return task(lambda: Column("value", type_, **options))


def holding(*values: str) -> tuple[str, ...]:
    """Rows with values, and one with none."""
    rows = [f"INSERT INTO task (value) VALUES ({value})" for value in values]
    return (*rows, "INSERT INTO task (value) VALUES (NULL)")


ARGUMENTS = {
    "varchar and text": Case(typed(sa.String(50)), typed(sa.Text), holding("'it''s'")),
    "char": Case(typed(sa.CHAR(5)), typed(sa.CHAR(8)), holding("'a'")),
    "char and varchar": Case(typed(sa.String(5)), typed(sa.String(9)), holding("'a'")),
    "time precision": Case(typed(pg.TIME()), typed(pg.TIME(precision=0)), holding("'12:30'")),
    "time with time zone": Case(typed(sa.Time), typed(sa.Time(timezone=True)), ("INSERT INTO task DEFAULT VALUES",)),
    "interval precision": Case(typed(pg.INTERVAL()), typed(pg.INTERVAL(precision=2)), holding("'1 day'")),
    "interval day": Case(typed(pg.INTERVAL()), typed(pg.INTERVAL(fields="DAY")), holding("'1 day'")),
    "bit": Case(typed(pg.BIT(3)), typed(pg.BIT(3, varying=True)), holding("B'101'")),
    "bit varying": Case(typed(pg.BIT(3, varying=True)), typed(pg.BIT(5, varying=True)), holding("B'101'")),
    "varchar array": Case(typed(sa.ARRAY(sa.String(5))), typed(sa.ARRAY(sa.String(9))), holding("'{a,b}'")),
    "numeric array": Case(typed(sa.ARRAY(sa.Numeric)), typed(sa.ARRAY(sa.Numeric(8, 2))), holding("'{1.50}'")),
    "real and double": Case(typed(sa.REAL), typed(sa.Double), holding("1.5")),
    "float and numeric": Case(typed(sa.Float), typed(sa.Numeric(10, 2)), holding("1.5")),
    "smallint and bigint": Case(typed(sa.SmallInteger), typed(sa.BigInteger), holding("7")),
    "two dimensions are one type": Case(
        typed(sa.ARRAY(sa.Integer)), typed(sa.ARRAY(sa.Text, dimensions=2)), holding("'{1}'")
    ),
    "timestamp array": Case(
        typed(sa.ARRAY(sa.DateTime)), typed(sa.ARRAY(sa.DateTime(timezone=True))), holding("'{2020-01-01}'")
    ),
    "collation changed": Case(typed(sa.Text(collation="C")), typed(sa.Text(collation="POSIX")), holding("'b'")),
    "collation and length": Case(typed(sa.String(9)), typed(sa.String(20, collation="C")), holding("'b'")),
    "a type of the project": Case(typed(sa.String(20)), typed(Lowered()), holding("'b'")),
}
CONVERSIONS = {
    "text and integer": Case(typed(sa.Text), typed(sa.Integer), holding("'12'")),
    "varchar and numeric": Case(typed(sa.String), typed(sa.Numeric), holding("'12.5'")),
    "text and boolean": Case(typed(sa.Text), typed(sa.Boolean), holding("'true'")),
    "text and date": Case(typed(sa.Text), typed(sa.Date), holding("'2020-01-31'")),
    "text and timestamp": Case(typed(sa.Text), typed(sa.DateTime), holding("'2020-01-31 10:00:00'")),
    "text and uuid": Case(typed(sa.Text), typed(sa.Uuid), holding("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'")),
    "text and json": Case(typed(sa.Text), typed(sa.JSON), holding("""'{"a": 1}'""")),
    "text and inet": Case(typed(sa.Text), typed(pg.INET), holding("'10.0.0.1/32'")),
    "text and macaddr": Case(typed(sa.Text), typed(pg.MACADDR), holding("'08:00:2b:01:02:03'")),
    "text and interval": Case(typed(sa.Text), typed(sa.Interval), holding("'1 day'")),
    "text and bytea": Case(typed(sa.Text), typed(sa.LargeBinary), holding("'héé'")),
    "text and an array": Case(typed(sa.Text), typed(sa.ARRAY(sa.Text)), holding("'it''s'"), back=holding("'{it''s}'")),
    "text and a range": Case(typed(sa.Text), typed(pg.INT4RANGE), holding("'[1,3)'")),
    "text and xml": Case(typed(sa.Text), typed(Named("xml")), holding("'<a/>'")),
    "integer and boolean": Case(typed(sa.Integer), typed(sa.Boolean), holding("1", "0"), back=holding("true")),
    "bigint and boolean": Case(typed(sa.BigInteger), typed(sa.Boolean), holding("1", "0"), back=holding("true")),
    "boolean and smallint": Case(typed(sa.Boolean), typed(sa.SmallInteger), holding("true"), back=holding("1")),
    "boolean and text": Case(typed(sa.Boolean), typed(sa.Text), holding("true")),
    "integer and an array": Case(typed(sa.Integer), typed(sa.ARRAY(sa.Integer)), holding("7"), back=holding("'{7}'")),
    "integer and text": Case(typed(sa.Integer), typed(sa.String(9)), holding("7")),
    "integer and timestamp": Case(
        typed(sa.Integer), typed(sa.DateTime(timezone=True)), holding("86400"), back=holding("'1970-01-02 00:00:00+00'")
    ),
    "numeric and interval": Case(typed(sa.Numeric), typed(sa.Interval), ("INSERT INTO task DEFAULT VALUES",)),
    "date and timestamp": Case(typed(sa.Date), typed(sa.DateTime), holding("'2020-01-31'")),
    "json and jsonb": Case(typed(sa.JSON), typed(pg.JSONB), holding("""'{"a": 1}'""")),
    "jsonb and text": Case(typed(pg.JSONB), typed(sa.Text), holding("""'{"a": 1}'""")),
    "inet and cidr": Case(typed(pg.CIDR), typed(pg.INET), holding("'10.0.0.0/8'")),
    "uuid and text": Case(typed(sa.Uuid), typed(sa.String(36)), holding("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'")),
    "int array and text array": Case(typed(sa.ARRAY(sa.Integer)), typed(sa.ARRAY(sa.Text)), holding("'{1,2}'")),
    "text array and uuid array": Case(typed(sa.ARRAY(sa.Text)), typed(sa.ARRAY(sa.Uuid)), holding("'{}'")),
    "tsvector": Case(typed(sa.Text), typed(pg.TSVECTOR), holding("''")),
    "oid and integer": Case(typed(sa.Integer), typed(pg.OID), holding("7")),
    "money and numeric": Case(typed(sa.Numeric(10, 2)), typed(pg.MONEY), holding("7.5")),
    "text and enum": Case(typed(sa.Text), typed(sa.Enum("a", "b", name="e")), holding("'a'")),
    "integer array and enum array": Case(
        typed(sa.ARRAY(sa.Text)), typed(sa.ARRAY(sa.Enum("a", "b", name="e"))), holding("'{a}'")
    ),
    "enum and enum array": Case(
        typed(sa.Enum("a", "b", name="e")),
        typed(sa.ARRAY(sa.Enum("a", "b", name="e"))),
        holding("'a'"),
        back=holding("'{a}'"),
    ),
    "enum and another": Case(
        typed(sa.Enum("a", "b", name="e")), typed(sa.Enum("a", "b", "c", name="f")), holding("'a'")
    ),
}
UNKNOWN = {
    "xml": ("xml", "text", "", "'<a/>'"),
    "point": ("point", "text", "", "'(1,2)'"),
    "hstore": ("hstore", "text", "hstore", """'"a"=>"1"'"""),
    "citext": ("citext", "text", "citext", "'A'"),
    "ltree": ("ltree", "text", "ltree", "'a.b'"),
    "vector": ("vector(3)", "vector", "vector", "'[1,2,3]'"),
    "cube": ("cube", "text", "cube", "'(1, 2)'"),
    "geometry": ("geometry(Point,4326)", "geometry", "postgis", "NULL"),
}
DEFAULTS = {
    "of json": Case(
        typed(sa.JSON, server_default='{"a": 1}'), typed(sa.JSON, server_default='{"a": 2}'), holding("'{}'")
    ),
    "of jsonb, as text()": Case(
        typed(pg.JSONB), typed(pg.JSONB, server_default=text("""'{"a": "x"}'::jsonb""")), holding("'{}'")
    ),
    "with a newline": Case(typed(sa.Text), typed(sa.Text, server_default="a\nb\tc"), holding("'x'")),
    "with a backslash": Case(typed(sa.Text), typed(sa.Text, server_default="a\\nb"), holding("'x'")),
    "with a dollar and quotes": Case(typed(sa.Text), typed(sa.Text, server_default="$$ \"q\" 'q' $1"), holding("'x'")),
    "with percent": Case(typed(sa.Text), typed(sa.Text, server_default="100%s %(x)s %%"), holding("'x'")),
    "with colons": Case(typed(sa.Text), typed(sa.Text, server_default=":x ::y a:b:c"), holding("'x'")),
    "that is empty": Case(typed(sa.Text), typed(sa.Text, server_default=""), holding("'x'")),
    "that is NULL": Case(
        typed(sa.Text, server_default="x"), typed(sa.Text, server_default=text("NULL")), holding("'x'")
    ),
    "that is not ASCII": Case(typed(sa.Text), typed(sa.Text, server_default="héllo — 世界 🐘"), holding("'x'")),
    "of a boolean": Case(typed(sa.Boolean), typed(sa.Boolean, server_default=sa.true()), holding("true")),
    "of a number": Case(typed(sa.Integer), typed(sa.Integer, server_default=text("-7")), holding("1")),
    "of a numeric": Case(
        typed(sa.Numeric(10, 2), server_default=text("1.50")),
        typed(sa.Numeric(10, 2), server_default="2"),
        holding("1"),
    ),
    "of an array": Case(
        typed(sa.ARRAY(sa.Text)),
        typed(sa.ARRAY(sa.Text), server_default=text("ARRAY['a', 'b']::text[]")),
        holding("'{}'"),
    ),
    "of an interval": Case(typed(sa.Interval), typed(sa.Interval, server_default="1 day"), holding("'2 days'")),
    "of a date": Case(typed(sa.Date), typed(sa.Date, server_default=text("CURRENT_DATE + 7")), holding("'2020-01-01'")),
    "of a timestamp": Case(
        typed(sa.DateTime(timezone=True), server_default=sa.func.now()),
        typed(sa.DateTime(timezone=True), server_default=text("(now() AT TIME ZONE 'utc')")),
        holding("'2020-01-01'"),
    ),
    "of a bytea": Case(typed(sa.LargeBinary), typed(sa.LargeBinary, server_default=text(r"'\x00ff'")), holding("''")),
    "volatile, otherwise": Case(
        typed(sa.Float, server_default=text("random()")),
        typed(sa.Float, server_default=text("random() * 2")),
        holding("1"),
    ),
    "of a CASE": Case(
        typed(sa.Text), typed(sa.Text, server_default=text("CASE WHEN true THEN 'a' ELSE 'b' END")), holding("'x'")
    ),
    "of an enum": Case(
        typed(sa.Enum("a", "b", name="e"), server_default="a"),
        typed(sa.Enum("a", "b", name="e"), server_default="b"),
        holding("'a'"),
    ),
    "of an enum value that is new": Case(
        typed(sa.Enum("a", "b", name="e"), server_default="a"),
        typed(sa.Enum("a", "b", "c", name="e"), server_default="c"),
        holding("'a'"),
    ),
    "a type with it": Case(
        typed(sa.String(10), server_default="7"), typed(sa.Integer, server_default=text("8")), holding("'7'")
    ),
    "an array with it": Case(
        typed(sa.Text, server_default="a"),
        typed(sa.ARRAY(sa.Text), server_default="{a}"),
        holding("'7'"),
        back=holding("'{7}'"),
    ),
}
SEQUENCE = ('CREATE SCHEMA "other App"', 'CREATE SEQUENCE "other App"."Numbers"')


@pytest.mark.parametrize("case", both_ways(ARGUMENTS))
def test_arguments_of_types(case: Case, database_url: URL) -> None:
    cycle(database_url, case.before(), case.after(), insert=case.insert)


@pytest.mark.parametrize("case", both_ways(CONVERSIONS))
def test_conversions(case: Case, database_url: URL) -> None:
    cycle(database_url, case.before(), case.after(), insert=case.insert)


@pytest.mark.parametrize("case", both_ways(DEFAULTS))
def test_defaults(case: Case, database_url: URL) -> None:
    cycle(database_url, case.before(), case.after(), insert=case.insert)


@pytest.mark.parametrize("kind", list(UNKNOWN))
def test_types_that_sqlalchemy_does_not_know(kind: str, database_url: URL, server_url: URL) -> None:
    name, other, extension, value = UNKNOWN[kind]
    if extension:
        has_extension(server_url, extension)
    before = [f"CREATE EXTENSION {extension}"] if extension else []
    before.append(f"CREATE TABLE task (id serial PRIMARY KEY, value {name})")
    cycle(database_url, before, typed(Named(other))(), insert=holding(value))


@pytest.mark.parametrize("kind", list(UNKNOWN))
def test_they_are_added(kind: str, database_url: URL, server_url: URL) -> None:
    name, _, extension, _ = UNKNOWN[kind]
    if extension:
        has_extension(server_url, extension)
        execute(database_url, f"CREATE EXTENSION {extension}")
    cycle(database_url, task()(), typed(Named(name))(), insert=["INSERT INTO task DEFAULT VALUES"])


def test_a_default_of_a_sequence_of_another_schema(database_url: URL) -> None:
    after = typed(sa.BigInteger, server_default=text("""nextval('"other App"."Numbers"')"""))()
    before = [*SEQUENCE, "CREATE TABLE task (id serial PRIMARY KEY, value bigint)"]
    script = cycle(database_url, before, after, insert=holding("7"))
    assert "nextval" in script.upgrade


def test_a_virtual_column(database_url: URL, server_url: URL) -> None:
    at_least(server_url, 18)
    before = task(lambda: Column("value", sa.Integer, sa.Computed("id * 2", persisted=False)))()
    after = task(lambda: Column("value", sa.Integer, sa.Computed("id * 3", persisted=False)))()
    cycle(database_url, before, after, insert=["INSERT INTO task DEFAULT VALUES"])
