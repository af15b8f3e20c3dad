"""What an API refuses is what the database refuses: the same random bad values, and the same good ones."""

from __future__ import annotations

import random
import string
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from sqlalchemy import insert
from sqlalchemy.exc import StatementError
from tests.emit.generated import imported, migrate

from alembic_assay.design import design_schema
from alembic_assay.emit.package import package

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL, Connection

ATTRIBUTES: dict[str, Any] = {
    "title": {"type": "short_text", "max_length": 20, "required": True},
    "slug": {"type": "slug"},
    "code": {"type": "short_text", "pattern": "^[A-Z]{2}-\\d+$"},
    "dots": {"type": "text", "pattern": "^a.c$"},
    "rank": {"type": "integer", "min": 0, "max": 10},
    "small": {"type": "smallint"},
    "big": {"type": "bigint", "min": -5},
    "price": {"type": "decimal", "precision": 6, "scale": 2, "min": 0},
    "mood": {"type": "mood"},
    "done": {"type": "boolean"},
    "due": {"type": "date"},
    "token": {"type": "uuid"},
}
REQUIREMENTS = {
    "format": "schema-requirements/1",
    "name": "api",
    "types": {"mood": {"enum": ["sad", "o'k"]}},
    "entities": {
        "Thing": {
            "timestamps": False,
            "attributes": ATTRIBUTES,
            "rules": [{"name": "ck_things_title_not_blank", "check": "btrim(title) <> ''"}],
        }
    },
}


def texts(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(string.ascii_letters + string.digits + " -é'%:\n", k=length))


def bad(chance: random.Random) -> tuple[str, Any]:
    """Return an attribute and a value that it must not have."""
    name = chance.choice(list(ATTRIBUTES))
    values: dict[str, list[Any]] = {
        "title": [" " * chance.randint(0, 9), texts(chance, chance.randint(21, 99)), None],
        "slug": [f"A{texts(chance, 4)}", f"-{texts(chance, 3)}", "a" * 121],
        "code": [texts(chance, 3), f"AB-{chance.choice(string.ascii_letters)}", "AB-1\n"],
        "dots": [texts(chance, 4), "abbc", "Abc"],
        "rank": [-chance.randint(1, 10**9), chance.randint(11, 10**9), 2**31, "x"],
        "small": [2**15 + chance.randint(0, 99), -(2**15) - 1 - chance.randint(0, 99)],
        "big": [-chance.randint(6, 10**9), 2**63],
        "price": [-chance.random() - 0.01, 10**4 + chance.random(), "abc"],
        "mood": ["", "SAD", texts(chance, 3)],
        "done": ["maybe", "2x"],
        "due": ["2020-13-01", "yesterday-ish"],
        "token": ["not-a-uuid", texts(chance, 32)],
    }
    return name, chance.choice(values[name])


def refused_by_database(connection: Connection, table: Any, row: dict[str, Any]) -> bool:
    """Whether the server refuses it, or what sends it there."""
    savepoint = connection.begin_nested()
    try:
        connection.execute(insert(table).values(**row))
    except (StatementError, ValueError, TypeError, AttributeError, LookupError):
        return True
    finally:
        savepoint.rollback()
    return False


def test_both_refuse_the_same_values(database_url: URL, connection: Connection, tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - to be repeated
    schema = design_schema(REQUIREMENTS)
    migrate(schema, database_url)
    good = {"title": "a b", "slug": "a-b", "code": "AB-12", "dots": "a\nc", "rank": 10, "price": 1.5}
    with imported(schema, "declarative", tmp_path) as module:
        create = sys.modules[f"{module.__name__}.schemas"].ThingCreate
        table = module.Thing.__table__
        create(**good)
        assert not refused_by_database(connection, table, good)
        wrong = []
        for _ in range(200):
            name, value = bad(chance)
            row = {**good, name: value}
            with suppress(ValidationError):
                create(**row)
                wrong.append((name, value))
            if not refused_by_database(connection, table, row):
                wrong.append((name, value))
        assert wrong == []


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("^[a-z0-9]+$", 'pattern="^[a-z0-9]+$"'),
        ("^a.b", 'pattern="(?s)^a.b"'),
        ("^[[:alpha:]]+$", None),
        ("(?i)a", None),
        ("\\ya", None),
    ],
)
def test_only_expressions_that_mean_the_same_are_told_to_pydantic(pattern: str, said: str | None) -> None:
    attributes = {"code": {"type": "text", "pattern": pattern}}
    requirements = {"format": "schema-requirements/1", "name": "x", "entities": {"Thing": {"attributes": attributes}}}
    found = package(design_schema(requirements), "declarative")["schemas.py"]
    assert ("pattern=" in found) == (said is not None)
    assert said is None or said in found
