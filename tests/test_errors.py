"""What errors say of themselves, and what is read from those of drivers."""

from __future__ import annotations

import psycopg
import pytest
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from alembic_assay import errors
from alembic_assay.errors import AssayError, first_line, short, sqlstate


class Psycopg2Error(Exception):
    """Has a ``pgcode`` where others have a ``sqlstate``."""

    pgcode = "55P04"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (psycopg.errors.LockNotAvailable("x"), "55P03"),
        (DBAPIError("SELECT", None, psycopg.errors.LockNotAvailable("x")), "55P03"),
        (DBAPIError("SELECT", None, Psycopg2Error("x")), "55P04"),
        (psycopg.OperationalError("no connection"), None),
        (ValueError("x"), None),
    ],
)
def test_the_sqlstate_of_every_driver_is_found(error: BaseException, state: str | None) -> None:
    assert sqlstate(error) == state


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (AssayError("no table.", hint="Make one."), "no table. Make one."),
        (DBAPIError("SELECT", None, psycopg.errors.UndefinedTable("no t\nLINE 1: …")), "UndefinedTable: no t"),
        (ValueError(), "ValueError"),
        (ValueError(f"not {object()}"), "ValueError: not <object>"),
    ],
)
def test_an_error_is_told_in_one_line_that_is_always_the_same(error: BaseException, line: str) -> None:
    assert first_line(error) == line


def test_a_long_statement_is_cut() -> None:
    assert short("SELECT\n  1") == "SELECT 1"
    assert short("x" * 201) == "x" * 199 + "…"


def test_every_error_of_ours_is_one_that_alembic_prints_as_a_line_and_has_a_code_of_its_own() -> None:
    ours = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, AssayError)]
    assert all(issubclass(each, CommandError) for each in ours)
    assert len({each.code for each in ours}) == len(ours)
