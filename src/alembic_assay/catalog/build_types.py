"""Types as SQLAlchemy has them, exactly as ``format_type`` writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType

from alembic_assay.catalog.build_text import unquoted, verbatim
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.names import parts, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import MetaData
    from sqlalchemy.types import TypeEngine

    from alembic_assay.catalog.domains import Domain

_PLAIN: dict[str, Callable[[], TypeEngine[Any]]] = {
    "bigint": pg.BIGINT,
    "integer": pg.INTEGER,
    "smallint": pg.SMALLINT,
    "boolean": pg.BOOLEAN,
    "text": pg.TEXT,
    "character varying": pg.VARCHAR,
    "numeric": pg.NUMERIC,
    "double precision": pg.DOUBLE_PRECISION,
    "real": pg.REAL,
    "date": pg.DATE,
    "uuid": pg.UUID,
    "json": pg.JSON,
    "jsonb": pg.JSONB,
    "bytea": pg.BYTEA,
    "inet": pg.INET,
    "cidr": pg.CIDR,
    "macaddr": pg.MACADDR,
    "macaddr8": pg.MACADDR8,
    "money": pg.MONEY,
    "oid": pg.OID,
    "regclass": pg.REGCLASS,
    "tsvector": pg.TSVECTOR,
    "tsquery": pg.TSQUERY,
    "interval": pg.INTERVAL,
    "int4range": pg.INT4RANGE,
    "int8range": pg.INT8RANGE,
    "numrange": pg.NUMRANGE,
    "daterange": pg.DATERANGE,
    "tsrange": pg.TSRANGE,
    "tstzrange": pg.TSTZRANGE,
    "int4multirange": pg.INT4MULTIRANGE,
    "int8multirange": pg.INT8MULTIRANGE,
    "nummultirange": pg.NUMMULTIRANGE,
    "datemultirange": pg.DATEMULTIRANGE,
    "tsmultirange": pg.TSMULTIRANGE,
    "tstzmultirange": pg.TSTZMULTIRANGE,
    "bit varying": lambda: pg.BIT(varying=True),
}
_SIZED: dict[str, Callable[[int], TypeEngine[Any]]] = {
    "character varying": pg.VARCHAR,
    "character": pg.CHAR,
    "bit": pg.BIT,
    "bit varying": lambda length: pg.BIT(length, varying=True),
}
_DEFAULTS = sqlalchemy.__version__ >= "2.1"
"""Whether the default of a domain may be an expression."""

_TIME = re.compile(r"(time|timestamp)(?:\((\d)\))? (with|without) time zone")
_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
_SIZE = re.compile(r"(character varying|character|bit varying|bit)\((\d+)\)")
_INTERVAL = re.compile(r"interval(?: ([a-z ]+))?(?:\((\d)\))?")


class PgType(UserDefinedType[Any]):
    """A type that SQLAlchemy has no class for, by the name that the server gives it.

    Args:
        name: As ``format_type`` writes it: ``xml``, ``public.hstore``, ``app.address[]``.
    """

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        """Return the type as DDL writes it."""
        return self.name


@compiles(PgType)
def _compile_type(type_: PgType, compiler: Any, **_: Any) -> str:
    doubled = compiler.dialect.identifier_preparer._double_percents  # noqa: SLF001 - what every name in DDL does
    return type_.name.replace("%", "%%") if doubled else type_.name


class Types:
    """The types of a snapshot.

    Args:
        metadata: What enums and domains belong to.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.metadata = metadata
        self._named: dict[tuple[str, ...], TypeEngine[Any]] = {}

    def add(self, record: Enum | Domain, *, made: bool) -> None:
        """Add an enum or domain.

        Args:
            record: As read.
            made: Whether ``create_all`` makes it.
        """
        options: dict[str, Any] = {"metadata": self.metadata} if made else {"create_type": False}
        if isinstance(record, Enum):
            type_: TypeEngine[Any] = pg.ENUM(*record.labels, name=record.name, schema=record.schema, **options)
        else:
            options |= _domain_options(record) if made else {}
            type_ = pg.DOMAIN(record.name, self.of(record.type), schema=record.schema, **options)
        self._named[record.key] = type_

    def of(self, name: str, collation: str | None = None) -> TypeEngine[Any]:
        """Return the type that ``format_type`` writes so.

        Args:
            name: What ``format_type`` writes.
            collation: With its schema, where it is not the type's own.
        """
        if collation is not None:
            return self._collated(name, collation)
        if name.endswith("[]"):
            return pg.ARRAY(self.of(name[:-2]))
        if name in _PLAIN:
            return _PLAIN[name]()
        return self._named.get(parts(name)) or _with_arguments(name) or PgType(name)

    def _collated(self, name: str, collation: str) -> TypeEngine[Any]:
        schema, collation_name = parts(collation)
        if schema == "pg_catalog" and (name == "text" or name.startswith("character")):
            type_: Any = self.of(name)
            type_.collation = collation_name
            return type_  # type: ignore[no-any-return] # a string type
        return PgType(f"{name} COLLATE {collation}")


def _with_arguments(name: str) -> TypeEngine[Any] | None:
    if found := _SIZE.fullmatch(name):
        return _SIZED[found[1]](int(found[2]))
    if found := _NUMERIC.fullmatch(name):
        return pg.NUMERIC(int(found[1]), int(found[2]))
    if found := _TIME.fullmatch(name):
        kind = pg.TIME if found[1] == "time" else pg.TIMESTAMP
        return kind(timezone=found[3] == "with", precision=int(found[2]) if found[2] else None)
    if found := _INTERVAL.fullmatch(name):
        fields, precision = found[1], found[2]
        if fields and precision:
            return pg.INTERVAL(fields=f"{fields}({precision})")
        return pg.INTERVAL(fields=fields, precision=int(precision) if precision else None)
    return None


def expressible(record: Enum | Domain) -> bool:
    """Whether SQLAlchemy can say it: labels without ``%``; one check at most, and not named together with NOT NULL."""
    if isinstance(record, Enum):
        return not any("%" in label for label in record.labels)  # it is not doubled for the driver
    texts = [record.default or "", record.name, record.type, *record.constraints]
    if any("%" in each for each in texts) or record.collation is not None or record.constraint_comments:
        return False
    if record.default is not None and not _DEFAULTS:
        return False
    if any(not each.endswith(")") or " CHECK (" not in each for each in record.constraints):
        return False
    return not record.constraints or (len(record.constraints) == 1 and not record.not_null)


def _domain_options(record: Domain) -> dict[str, Any]:
    options: dict[str, Any] = {"not_null": record.not_null}
    if record.default is not None:
        options["default"] = verbatim(record.default)
    for constraint in record.constraints:
        name, check = split(constraint.removeprefix("CONSTRAINT "))
        options |= {"constraint_name": unquoted(name), "check": verbatim(check[len("CHECK (") : -1])}
    return options
