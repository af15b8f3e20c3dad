from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, make_url

from alembic_assay.errors import DatabaseURLError
from alembic_assay.neon.url import ResolvedURL, for_libpq, masked, parse, resolve

EXAMPLE = "postgresql://user:password@host/database"
ENCODE = "In user and password write '@' as %40, ':' as %3A, '/' as %2F."
PORT = f"database URL: expected a port from 1 to 65535 after the host. {ENCODE}"
HOST = f"database URL: expected a host name or address after '@'. {ENCODE}"
AT = f"database URL: expected one '@', between password and host. {ENCODE}"
POOLED = "postgres://u:p@ep-cool-sun-1-pooler.us-east-2.aws.neon.tech/app"
DIRECT = "postgresql+psycopg://u:p@ep-cool-sun-1.us-east-2.aws.neon.tech/app"
SECRET = "S3cr3t"  # the property below looks for it

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def written(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.mark.parametrize(
    "scheme",
    [
        "postgres",
        "postgresql",
        "POSTGRESQL",
        "postgresql+asyncpg",
        "postgresql+psycopg",
        "postgresql+psycopg2",
        "postgresql+psycopg_async",
        "postgresql+pg8000",
        "postgres+asyncpg",
    ],
)
def test_every_driver_becomes_psycopg(scheme: str) -> None:
    assert written(parse(f"{scheme}://u:p@h:5433/d")) == "postgresql+psycopg://u:p@h:5433/d"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("postgresql://u:p%40%3A%2F%25+ %C3%A4@h/d", "u:p%40%3A%2F%25+ %C3%A4@h/d"),
        ("postgresql://u:100%@h/d", "u:100%25@h/d"),
        ("postgresql://u:a/b?c#d@h/d", "u:a%2Fb%3Fc%23d@h/d"),
        ("\n  postgresql://u@h/d\r\n", "u@h/d"),
        ("postgresql://u@[::1]/d", "u@[::1]/d"),
        ("postgresql://u@[::1]:5433/d", "u@[::1]:5433/d"),
        ("postgresql://", ""),
        ("postgresql:///d", "/d"),
        ("postgresql://h", "h"),
        ("postgresql:///?user=u&password=p%26w&dbname=d&host=h&port=5433", "u:p%26w@h:5433/d"),
        ("postgresql://a:b@c:1/d?user=u&password=p&dbname=e&host=h&port=5433", "u:p@h:5433/e"),
        ("postgresql:///d?password=p", ":p@/d"),
        ("postgresql://:p@h/d", ":p@h/d"),
        ("postgresql://@h/d", "h/d"),
        ("postgresql://u@/d?host=/tmp&port=5433", "u@:5433/d?host=%2Ftmp"),
        ("postgresql://u@%2Fvar%2Frun:5433/d", "u@:5433/d?host=%2Fvar%2Frun"),
        ("postgresql://u@/d?host=a:1&host=b:2", "u@/d?host=a%3A1&host=b%3A2"),
        ("postgresql://u@/d?host=a,b&port=1,2", "u@/d?host=a%2Cb&port=1%2C2"),
        ("postgresql+asyncpg://u@h/d?ssl=verify-full&timeout=20", "u@h/d?connect_timeout=20&sslmode=verify-full"),
        ("postgresql://u@h/d?pgbouncer=true&connection_limit=1", "u@h/d?pgbouncer=true"),
        ("postgresql://u@h/d?options=endpoint%3Dep-a-1%20-cjit%3Doff", "u@h/d?options=endpoint%3Dep-a-1+-cjit%3Doff"),
        ("postgresql://u@h/d?application_name=a@b", "u@h/d?application_name=a%40b"),
    ],
)
def test_parsed(text: str, result: str) -> None:
    url = parse(text)
    assert written(url) == f"postgresql+psycopg://{result}"
    assert parse(url) == parse(written(url)) == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"database URL: expected {EXAMPLE}, got nothing."),
        (" \n", f"database URL: expected {EXAMPLE}, got nothing."),
        ("host=h password=S3cr3t", f"database URL: expected {EXAMPLE}, got something else."),
        ("ann:S3cr3t@h/d", f"database URL: expected {EXAMPLE}, got something else."),
        ("ann:S3cr3t@h://", f"database URL: expected {EXAMPLE}, got something else."),
        ('"postgresql://u:S3cr3t@h/d"', f"database URL: expected {EXAMPLE}, got something else."),
        ("mysql+pymysql://u:S3cr3t@h/d", f"database URL: expected {EXAMPLE}, got a URL for 'mysql+pymysql'."),
        ("postgres://u:S3cr3t", PORT),
        ("postgres://u:S3cr3t@h:54a/d", PORT),
        ("postgres://u:S3cr3t@h:/d", PORT),
        ("postgres://u:S3cr3t@h:0/d", PORT),
        ("postgres://u:S3cr3t@h:65536/d", PORT),
        ("postgres://u:S3cr3t@h:\u0665/d", PORT),
        (f"postgres://u:S3cr3t@h:{'9' * 5000}/d", PORT),
        ("postgres://u:S3cr3t@h1:5432,h2:5432/d", PORT),
        ("postgres:///d?password=S3cr3t&port=x", PORT),
        ("postgres://u:S3cr3t@[::1]x:5432/d", PORT),
        ("postgres://u:S3cr3t@x@h/d", AT),
        ("postgres://u:x@S3cr3t/y@h/d", AT),
        ("postgres://u:x@S3cr3t?y@h/d", AT),
        ("postgres://u/v:S3cr3t@h/d", AT),
        (f"postgres://u:S3cr3t@{'a' * 64}.example.com/d", HOST),
        ("postgres://u:S3cr3t@a..b/d", HOST),
        ("postgres://u:S3cr3t@a b/d", HOST),
        ("postgres://u:S3cr3t%00@h/d", "database URL: expected no NUL (%00) in user, password or database."),
        (
            "postgres://u:S3cr3t@h/d\n?sslmode=require",
            "database URL: expected one line without control characters. Is it quoted or split over lines somewhere?",
        ),
        ("postgres://u:S3cr3t@h/d?sslmod=require", "database URL: unknown parameter 'sslmod'. Did you mean 'sslmode'?"),
    ],
)
def test_refused_without_showing_the_password(text: str, message: str) -> None:
    with pytest.raises(DatabaseURLError) as raised:
        parse(text)
    assert str(raised.value) == message
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_a_url_object_of_another_database_is_refused() -> None:
    with pytest.raises(DatabaseURLError) as raised:
        parse(make_url("sqlite:///file"))
    assert str(raised.value) == f"database URL: expected {EXAMPLE}, got a URL for 'sqlite'."


@settings(deadline=None)
@given(user=texts, password=st.none() | texts, database=texts)
@example(user="a@b", password="%40:/@?#[]&=+ ", database="%2F")
@example(user=" ", password="", database=" ")
def test_any_user_password_and_database_survive(user: str, password: str | None, database: str) -> None:
    secret = "" if password is None else f":{quote(password, safe='')}"
    url = parse(f"postgresql://{quote(user, safe='')}{secret}@h:5433/{quote(database, safe='')}")
    assert (url.username or "", url.password, url.database or "") == (user, password, database)
    assert parse(URL.create("postgres", user, password, "h", 5433, database)) == url


@settings(deadline=None)
@given(user=texts, first=texts, second=texts)
def test_what_is_shown_does_not_depend_on_the_password(user: str, first: str, second: str) -> None:
    shown = {
        masked(URL.create("postgresql+psycopg", user, secret, "h", query={"sslpassword": secret, "password": secret}))
        for secret in (first, second, f"endpoint=ep-a-1-pooler;{first}", f"endpoint=ep-a-1$ {second}")
    }
    assert len(shown) == 1


def test_masked() -> None:
    query = {"sslpassword": "x", "oauth_client_secret": "x", "scram_client_key": "x", "sslmode": "require"}
    url = URL.create("postgresql+psycopg", "ann", "x", "h", 5433, "d", query)
    assert masked(url) == (
        "postgresql+psycopg://ann:***@h:5433/d"
        "?oauth_client_secret=***&scram_client_key=***&sslmode=require&sslpassword=***"
    )


junk = st.text(st.sampled_from("/:@?#[]%&+;$ a1"), max_size=6)


@settings(deadline=None)
@given(st.sampled_from(["postgres", "postgresql+asyncpg", "mysql", "x y", ""]), junk, junk, st.text(max_size=10))
@example("postgres", "a@", "?x", "")
@example("postgres", "a@", ":5432/x", "")
def test_no_error_and_no_log_line_shows_a_password_written_raw(scheme: str, before: str, after: str, end: str) -> None:
    text = f"{scheme}://ann:{before}{SECRET}{after}@db.example.com{end}"
    try:
        shown = masked(parse(text))
    except DatabaseURLError as error:
        shown = f"{error} {error!r} {error.args}"
    assert SECRET not in shown


def find(**sources: Any) -> ResolvedURL:
    return resolve(**{"x": None, "argument": None, "environ": {}, "ini": None, **sources})


def test_the_most_explicit_url_wins() -> None:
    environ = {
        "DATABASE_URL_UNPOOLED": "postgres://h/1",
        "DIRECT_URL": "postgres://h/2",
        "POSTGRES_URL_NON_POOLING": "postgres://h/3",
        "MIGRATION_DATABASE_URL": "postgres://h/4",
        "DATABASE_URL": "postgres://h/5",
    }
    found = []
    x: str | None = "postgres://h/x"
    argument: str | URL | None = make_url("postgresql://h/argument")
    for _ in range(8):
        result = resolve(x=x, argument=argument, environ=environ, ini="postgres://h/ini")
        found.append((result.source, result.url.database))
        if x is not None:
            x = None
        elif argument is not None:
            argument = None
        elif environ:
            del environ[next(iter(environ))]
    assert found == [
        ("-x url=", "x"),
        ("url of env.py", "argument"),
        ("DATABASE_URL_UNPOOLED", "1"),
        ("DIRECT_URL", "2"),
        ("POSTGRES_URL_NON_POOLING", "3"),
        ("MIGRATION_DATABASE_URL", "4"),
        ("DATABASE_URL", "5"),
        ("sqlalchemy.url", "ini"),
    ]


@pytest.mark.parametrize(
    ("sources", "source"),
    [
        ({"x": POOLED}, "-x url="),
        ({"argument": POOLED}, "url of env.py"),
        ({"environ": {"DATABASE_URL_UNPOOLED": POOLED}}, "DATABASE_URL_UNPOOLED"),
        ({"environ": {"DATABASE_URL": POOLED}}, "DATABASE_URL"),
        ({"ini": POOLED}, "sqlalchemy.url"),
    ],
)
def test_a_pooled_url_of_any_source_is_led_past_the_pooler(sources: dict[str, Any], source: str) -> None:
    result = find(**sources)
    assert result == ResolvedURL(url=make_url(DIRECT), source=source, pooled=False, rewritten=True)


def test_a_pooler_without_a_known_way_round_stays() -> None:
    result = find(environ={"DATABASE_URL": "postgres://u@h:6432/d"})
    url = make_url("postgresql+psycopg://u@h:6432/d")
    assert result == ResolvedURL(url=url, source="DATABASE_URL", pooled=True, rewritten=False)


def test_a_direct_url_is_left_alone() -> None:
    result = find(environ={"DATABASE_URL": DIRECT})
    assert result == ResolvedURL(url=make_url(DIRECT), source="DATABASE_URL", pooled=False, rewritten=False)


@pytest.mark.parametrize("ini", [None, "", " \n", "driver://user:pass@localhost/dbname"])
def test_nothing_found(ini: str | None) -> None:
    with pytest.raises(DatabaseURLError) as raised:
        find(environ={"DATABASE_URL": " ", "DIRECT_URL": ""}, ini=ini)
    assert str(raised.value) == (
        f"no database URL. Set DATABASE_URL to {EXAMPLE} (or DATABASE_URL_UNPOOLED, if DATABASE_URL is a pooler's), "
        "or pass -x url=…."
    )


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"x": ""}, f"-x url=: expected {EXAMPLE}, got nothing."),
        ({"argument": ""}, f"url of env.py: expected {EXAMPLE}, got nothing."),
        ({"environ": {"DIRECT_URL": "mysql://u:S3cr3t@h"}}, f"DIRECT_URL: expected {EXAMPLE}, got a URL for 'mysql'."),
        ({"ini": "sqlite://"}, f"sqlalchemy.url: expected {EXAMPLE}, got a URL for 'sqlite'."),
    ],
)
def test_a_wrong_url_names_its_source_and_the_next_one_is_not_tried(sources: dict[str, Any], message: str) -> None:
    with pytest.raises(DatabaseURLError) as raised:
        find(**{"ini": DIRECT} | sources)
    assert str(raised.value) == message


def test_what_was_resolved_cannot_be_changed() -> None:
    result = find(x=DIRECT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.pooled = True  # type: ignore[misc] # that is the point
    assert "p@" not in repr(result)


def test_libpq_does_not_see_our_parameter() -> None:
    url = parse("postgres://u@h/d?pgbouncer=true&sslmode=require")
    assert written(for_libpq(url)) == "postgresql+psycopg://u@h/d?sslmode=require"
