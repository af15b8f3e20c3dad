"""Names that the server makes up: the same bytes, also where they are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay.catalog.generated_names import generated

if TYPE_CHECKING:
    from sqlalchemy import Connection


def test_names_that_the_server_makes_up(connection: Connection) -> None:
    connection.execute(text("SET LOCAL client_min_messages = error"))
    for table, columns in (
        ("t", ["a", "b"]),
        ("ü" * 31, ["é" * 20, "x" * 40]),
        ("x" * 63, ["y"]),
        ("y", ["x" * 62, "zz"]),
    ):
        listed = ", ".join(f'"{column}"' for column in columns)
        typed = ", ".join(f'"{column}" int' for column in columns)
        connection.execute(text(f'CREATE TABLE "{table}" ({typed}, p int PRIMARY KEY, UNIQUE ({listed}))'))
        connection.execute(text(f'ALTER TABLE "{table}" ADD FOREIGN KEY ({listed}) REFERENCES "{table}" ({listed})'))
        found = set(
            connection.execute(text("SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u', 'f')")).scalars()
        )
        assert {
            generated(table, columns, "key"),
            generated(table, [], "pkey"),
            generated(table, columns, "fkey"),
        } <= found
