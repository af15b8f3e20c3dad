"""Fill an upgraded, empty database with a few thousand rows, the same ones each time.

Run it where ``alembic upgrade head`` was run, with the same ``DATABASE_URL``: ``python seed.py``.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from alembic_assay import AssayError
from alembic_assay.session import Settings, create_engine
from sqlalchemy import Engine, Table, func, inspect, select
from sqlalchemy.exc import OperationalError

from models import Category, Priority, Task, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import psycopg
    from sqlalchemy import Connection

USERS = 200
TASKS_PER_USER = 20

CATEGORIES = {
    "work": "What somebody pays for",
    "personal": "What nobody pays for",
    "shopping": "What costs something",
    "health": "What keeps the others possible",
}
TITLES = (
    "Answer mail",
    "Book a dentist",
    "Buy coffee",
    "Call the bank",
    "Fix the gate",
    "Read a paper",
    "Run",
)
TAGS = ("home", "office", "phone", "online", "urgent", "waiting")
START = datetime(2025, 1, 27, 8, tzinfo=UTC)


class SeedError(RuntimeError):
    """The database is not one to be seeded."""


def seed(engine: Engine) -> dict[str, int]:
    """Write the rows, all or none of them.

    Args:
        engine: Of a database that is at the head revision and holds no users, tasks or categories.

    Returns:
        Number of rows written to each table.

    Raises:
        SeedError: A table is missing, or holds rows already.
    """
    with engine.begin() as connection:
        for model in (User, Category, Task):
            _require_empty(connection, table(model))
        counts = {"users": _copy(connection, table(User), user_rows())}
        counts["categories"] = _copy(connection, table(Category), category_rows())
        categories = table(Category)
        query = select(categories.c.name, categories.c.id)
        ids = {row.name: row.id for row in connection.execute(query)}
        counts["tasks"] = _copy(connection, table(Task), task_rows(ids))
        return counts


def user_rows() -> Iterator[dict[str, Any]]:
    """Yield the users. Nobody can log in as one of them: no password has the hash ``!``."""
    for number in range(1, USERS + 1):
        made = START + timedelta(hours=number)
        yield {
            "id": f"user-{number:04}",
            "email": f"user{number}@example.com",
            "name": f"User {number}",
            "password_hash": "!",
            "is_active": number % 10 != 0,
            "last_login_at": made + timedelta(days=3) if number % 3 else None,
            "created_at": made,
            "updated_at": made,
        }


def category_rows() -> Iterator[dict[str, Any]]:
    """Yield the categories."""
    for name, description in CATEGORIES.items():
        yield {"name": name, "description": description}


def task_rows(category_ids: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the tasks of every user.

    Args:
        category_ids: Identifier of each category by its name.
    """
    priorities, choices = list(Priority), [*category_ids.values(), None]
    for number in range(USERS * TASKS_PER_USER):
        made = START + timedelta(hours=number)
        due = date(2025, 3, 1) + timedelta(days=number % 90)
        yield {
            "user_id": f"user-{number % USERS + 1:04}",
            "category_id": choices[number % len(choices)],
            "title": f"{TITLES[number % len(TITLES)]} ({number})",
            "priority": priorities[number % len(priorities)].value,
            "due_date": due if number % 4 else None,
            "tags": json.dumps([TAGS[(number + step) % len(TAGS)] for step in range(number % 4)]),
            "is_completed": number % 5 == 0,
            "created_at": made,
            "updated_at": made,
        }


def table(model: type) -> Table:
    """Return the table behind a model."""
    found: Table = inspect(model).local_table
    return found


def _require_empty(connection: Connection, target: Table) -> None:
    if not inspect(connection).has_table(target.name):
        raise SeedError(f"there is no table {target.name!r}: run 'alembic upgrade head' first.")
    count = connection.scalar(select(func.count()).select_from(target))
    if count:
        raise SeedError(f"table {target.name!r} holds {count} rows already: seed.py writes only into empty tables.")


def _copy(connection: Connection, target: Table, rows: Iterable[Mapping[str, Any]]) -> int:
    rows = list(rows)
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in rows[0])
    driver = cast("psycopg.Connection", connection.connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(f"COPY {quote(target.name)} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(tuple(row.values()))
    return len(rows)


def main() -> int:
    """Seed the database of ``DATABASE_URL`` and say what was written."""
    try:
        counts = _seed_from_environment()
    except (AssayError, SeedError) as error:
        sys.stderr.write(f"seed.py: {error}\n")
        return 1
    except OperationalError as error:
        sys.stderr.write(f"seed.py: {str(error.orig).splitlines()[0]}\n")
        return 1
    sys.stdout.write("Wrote " + ", ".join(f"{count:,} {name}" for name, count in counts.items()) + ".\n")
    return 0


def _seed_from_environment() -> dict[str, int]:
    engine = create_engine(Settings.from_environment(os.environ))
    try:
        return seed(engine)
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
