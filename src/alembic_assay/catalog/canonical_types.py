"""Named types and sequences that models declare, wherever they declare them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Sequence
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import ARRAY, SchemaType, TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Dialect, MetaData
    from sqlalchemy.types import TypeEngine

NamedType = postgresql.ENUM | postgresql.DOMAIN


def declared_types(metadatas: Iterable[MetaData], dialect: Dialect) -> Iterator[NamedType]:
    """Yield the enums and domains of columns and those given to a ``MetaData``; a domain after its own type."""
    for metadata in metadatas:
        for type_ in _attached(metadata):
            yield from named_types(type_, dialect)
        for table in metadata.tables.values():
            for column in table.columns:
                yield from named_types(column.type, dialect)


def named_types(type_: TypeEngine[Any], dialect: Dialect) -> Iterator[NamedType]:
    """Yield the enums and domains that a type is made of, through arrays, decorators and variants."""
    implementation = type_.dialect_impl(dialect)
    if isinstance(implementation, TypeDecorator):
        yield from named_types(implementation.impl_instance, dialect)
    elif isinstance(implementation, ARRAY):
        yield from named_types(implementation.item_type, dialect)
    elif isinstance(implementation, postgresql.DOMAIN):
        yield from named_types(implementation.data_type, dialect)
        yield implementation
    elif isinstance(implementation, postgresql.ENUM):
        yield implementation


def declared_sequences(metadatas: Iterable[MetaData]) -> Iterator[Sequence]:
    """Yield the sequences that ``create_all`` would create."""
    for metadata in metadatas:
        yield from metadata._sequences.values()  # noqa: SLF001 - 2.0 has no other way to ask
        for table in metadata.tables.values():
            for column in table.columns:
                if isinstance(column.default, Sequence):
                    yield column.default


def _attached(metadata: MetaData) -> Iterator[TypeEngine[Any]]:
    """Yield types given ``metadata=``: they listen to its ``before_create``."""
    for listener in list(metadata.dispatch.before_create):  # the collector may take some away meanwhile
        owner = getattr(listener, "__self__", None) or getattr(listener, "target", None)
        if isinstance(owner, SchemaType):
            yield owner  # type: ignore[misc] # every SchemaType is mixed into a type
