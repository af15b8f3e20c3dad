from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from alembic_assay.errors import DatabaseURLError
from sqlalchemy.pool import QueuePool

from db.connection import Settings, SettingsError
from db.engine import create_engine, engine_options

if TYPE_CHECKING:
    from sqlalchemy import URL

URL_TEXT = "postgres://ann:s%40cret@db.example.com/app"
POOLED = "postgresql://ann:pw@ep-cool-sun-1-pooler.us-east-2.aws.neon.tech/app?sslmode=require"


def test_defaults() -> None:
    settings = Settings.from_environment({"DATABASE_URL": URL_TEXT})
    assert settings.url.render_as_string(hide_password=False) == (
        "postgresql+psycopg://ann:s%40cret@db.example.com/app"
    )
    assert engine_options(settings) == {
        "pool_size": 20,
        "max_overflow": 10,
        "pool_timeout": 30.0,
        "pool_pre_ping": True,
        "echo": False,
    }


def test_pool_settings_come_from_the_environment() -> None:
    settings = Settings.from_environment(
        {
            "DATABASE_URL": URL_TEXT,
            "DATABASE_POOL_SIZE": "3",
            "DATABASE_MAX_OVERFLOW": "0",
            "DATABASE_POOL_TIMEOUT": "1.5",
            "DATABASE_ECHO": "TRUE",
        }
    )
    engine = create_engine(settings)
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert (pool.size(), pool.timeout(), engine.echo) == (3, 1.5, True)
    assert pool._max_overflow == 0  # noqa: SLF001 - SQLAlchemy has no public name for it


def test_empty_variables_count_as_not_set() -> None:
    names = ("DATABASE_POOL_SIZE", "DATABASE_MAX_OVERFLOW", "DATABASE_POOL_TIMEOUT", "DATABASE_ECHO")
    environ = {"DATABASE_URL": URL_TEXT}
    assert Settings.from_environment({**environ, **dict.fromkeys(names, " ")}) == Settings.from_environment(environ)


def test_pooled_host() -> None:
    options = engine_options(Settings.from_environment({"DATABASE_URL": POOLED}))
    assert options["connect_args"] == {"prepare_threshold": None}
    assert options["pool_pre_ping"] is True


def test_flag_of_a_pooler_is_not_passed_on() -> None:
    settings = Settings.from_environment({"DATABASE_URL": f"{URL_TEXT}?pgbouncer=true"})
    assert create_engine(settings).url.query == {}
    assert engine_options(settings)["connect_args"] == {"prepare_threshold": None}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE_POOL_SIZE", "0", "a whole number, 1 or more"),
        ("DATABASE_POOL_SIZE", "ten", "a whole number, 1 or more"),
        ("DATABASE_POOL_SIZE", "²", "a whole number, 1 or more"),
        ("DATABASE_MAX_OVERFLOW", "-1", "a whole number, 0 or more"),
        ("DATABASE_POOL_TIMEOUT", "30s", "a number of seconds, 0 or more"),
        ("DATABASE_POOL_TIMEOUT", "nan", "a number of seconds, 0 or more"),
        ("DATABASE_POOL_TIMEOUT", "-1", "a number of seconds, 0 or more"),
        ("DATABASE_ECHO", "perhaps", "true or false"),
    ],
)
def test_wrong_value(name: str, value: str, expected: str) -> None:
    message = f"{name}: expected {expected}, got {value!r}."
    with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
        Settings.from_environment({"DATABASE_URL": URL_TEXT, name: value})


@pytest.mark.parametrize("environ", [{}, {"DATABASE_URL": ""}])
def test_no_url(environ: dict[str, str]) -> None:
    message = "DATABASE_URL is not set: expected postgresql://user:password@host/database."
    with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
        Settings.from_environment(environ)


def test_url_of_another_database() -> None:
    with pytest.raises(DatabaseURLError, match="mysql") as raised:
        Settings.from_environment({"DATABASE_URL": "mysql://ann:s3cret@h/d"})
    assert "s3cret" not in str(raised.value)


def test_settings_do_not_show_the_password() -> None:
    assert "s@cret" not in repr(Settings.from_environment({"DATABASE_URL": URL_TEXT}))


def test_engine_connects(migrated: URL) -> None:
    text = migrated.render_as_string(hide_password=False)
    engine = create_engine(Settings.from_environment({"DATABASE_URL": text, "DATABASE_POOL_SIZE": "1"}))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT current_database()").scalar() == migrated.database
    engine.dispose()
