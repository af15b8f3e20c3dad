from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from alembic_assay.errors import DatabaseURLError, SettingsError
from alembic_assay.session import Settings

URL = "postgres://ann:s%40cret@db.example.com/app"
NUMBERS = "a whole number, 0 or more"
SECONDS = "a number of seconds, 0 or more"


def test_defaults_and_empty_variables() -> None:
    settings = Settings.from_environment({"DATABASE_URL": URL, "DATABASE_POOL_SIZE": " ", "DATABASE_ECHO": ""})
    assert settings.url.render_as_string(hide_password=False) == "postgresql+psycopg://ann:s%40cret@db.example.com/app"
    assert asdict(settings) | {"url": None} == {
        "url": None,
        "replica_url": None,
        "driver": "psycopg",
        "pool_size": 20,
        "max_overflow": 10,
        "pool_timeout": 30.0,
        "pool_recycle": 280,
        "connect_patience": 30.0,
        "slow_query": 1.0,
        "echo": False,
    }
    assert "s@cret" not in repr(settings)


def test_every_variable() -> None:
    settings = Settings.from_environment(
        {
            "DATABASE_URL": URL.replace("postgres:", "postgresql+asyncpg:"),
            "DATABASE_REPLICA_URL": "postgresql://replica/app",
            "DATABASE_POOL_SIZE": "0",
            "DATABASE_MAX_OVERFLOW": "1",
            "DATABASE_POOL_TIMEOUT": "1.5",
            "DATABASE_POOL_RECYCLE": "60",
            "DATABASE_CONNECT_PATIENCE": "5",
            "DATABASE_SLOW_QUERY": "0",
            "DATABASE_ECHO": "On",
        }
    )
    assert str(settings.replica_url) == "postgresql+psycopg://replica/app"
    found = {name: value for name, value in asdict(settings).items() if not name.endswith("url")}
    assert list(found.values()) == ["asyncpg", 0, 1, 1.5, 60, 5.0, 0.0, True]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE_POOL_SIZE", "-1", NUMBERS),
        ("DATABASE_POOL_SIZE", "²", NUMBERS),
        ("DATABASE_MAX_OVERFLOW", "ten", NUMBERS),
        ("DATABASE_POOL_RECYCLE", "1.5", NUMBERS),
        ("DATABASE_POOL_TIMEOUT", "30s", SECONDS),
        ("DATABASE_SLOW_QUERY", "nan", SECONDS),
        ("DATABASE_CONNECT_PATIENCE", "-1", SECONDS),
        ("DATABASE_ECHO", "perhaps", "true or false"),
    ],
)
def test_a_wrong_value(name: str, value: str, expected: str) -> None:
    message = f"{name}: expected {expected}, got {value!r}."
    with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
        Settings.from_environment({"DATABASE_URL": URL, name: value})


@pytest.mark.parametrize("environ", [{}, {"DATABASE_URL": " "}])
def test_no_url(environ: dict[str, str]) -> None:
    message = "DATABASE_URL is not set: expected postgresql://user:password@host/database."
    with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
        Settings.from_environment(environ)


def test_a_wrong_url_names_its_variable_and_no_password() -> None:
    with pytest.raises(DatabaseURLError, match=r"^DATABASE_REPLICA_URL: .*got a URL for 'mysql'\.$") as raised:
        Settings.from_environment({"DATABASE_URL": URL, "DATABASE_REPLICA_URL": "mysql://ann:s3cret@h/d"})
    assert "s3cret" not in str(raised.value)
