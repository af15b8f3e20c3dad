"""The benchmark schema: tables of 8 columns, an identity key, 2 foreign keys, 3 indexes, an enum and a CHECK each."""  # noqa: INP001 - scripts are no package

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    func,
    text,
)

_TABLES_PER_ENUM = 10


def models(tables: int) -> MetaData:
    """Return the models of the benchmark schema.

    Args:
        tables: How many tables.
    """
    metadata = MetaData()
    kinds = [
        Enum("new", "open", "done", name=f"kind{number}", metadata=metadata)
        for number in range((tables + _TABLES_PER_ENUM - 1) // _TABLES_PER_ENUM)
    ]
    for number in range(tables):
        name = f"t{number:05}"
        Table(
            name,
            metadata,
            Column("id", BigInteger, Identity(always=True), primary_key=True),
            Column("parent_id", BigInteger, ForeignKey(f"t{number // 2:05}.id", ondelete="CASCADE")),
            Column("first_id", BigInteger, ForeignKey("t00000.id")),
            Column("title", String(200), nullable=False),
            Column("body", Text),
            Column("price", Numeric(10, 2), nullable=False, server_default=text("0")),
            Column("kind", kinds[number // _TABLES_PER_ENUM], nullable=False, server_default="new"),
            Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
            CheckConstraint("price >= 0", name=f"{name}_price_check"),
            Index(f"{name}_parent", "parent_id"),
            Index(f"{name}_first", "first_id"),
            Index(f"{name}_kind_created", "kind", "created_at"),
        )
    return metadata
