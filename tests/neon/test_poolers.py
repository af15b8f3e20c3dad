from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, make_url

from alembic_assay.neon.poolers import direct, is_pooled
from alembic_assay.neon.url import parse

NEON = "ep-cool-sun-a1b2c3"


def render(url: URL | None) -> str | None:
    return None if url is None else url.render_as_string(hide_password=False).removeprefix("postgresql+psycopg://")


@pytest.mark.parametrize(
    ("pooled", "straight"),
    [
        (f"u:p@{NEON}-pooler.us-east-2.aws.neon.tech/app", f"u:p@{NEON}.us-east-2.aws.neon.tech/app"),
        (f"u:p@{NEON}-pooler.c-2.us-east-1.aws.neon.tech/app", f"u:p@{NEON}.c-2.us-east-1.aws.neon.tech/app"),
        (f"u:p@{NEON}-pooler.eastus2.azure.neon.tech/app", f"u:p@{NEON}.eastus2.azure.neon.tech/app"),
        (f"u:p@{NEON}-pooler.us-east-2.aws.neon.build/app", f"u:p@{NEON}.us-east-2.aws.neon.build/app"),
        (f"u:p@{NEON}-pooler.private.example.com/app", f"u:p@{NEON}.private.example.com/app"),
        ("u:p@EP-A-1-POOLER.US-EAST-2.aws.Neon.Tech:5432/app", "u:p@EP-A-1.US-EAST-2.aws.Neon.Tech:5432/app"),
        ("u:p@cool-sun-1-pooler.us-east-2.aws.neon.tech./app", "u:p@cool-sun-1.us-east-2.aws.neon.tech./app"),
        (
            f"u@{NEON}-pooler.us-east-2.aws.neon.tech/app?options=endpoint%3D{NEON}-pooler&sslmode=require",
            f"u@{NEON}.us-east-2.aws.neon.tech/app?options=endpoint%3D{NEON}&sslmode=require",
        ),
        (
            f"u@192.0.2.1/app?options=-c+geqo%3Doff+project%3D{NEON}-pooler+-c+jit%3Doff",
            f"u@192.0.2.1/app?options=-c+geqo%3Doff+project%3D{NEON}+-c+jit%3Doff",
        ),
        (
            f"u:endpoint%3D{NEON}-pooler%3Bs%3Bx-pooler%3B@{NEON}-pooler.us-east-2.aws.neon.tech/app",
            f"u:endpoint%3D{NEON}%3Bs%3Bx-pooler%3B@{NEON}.us-east-2.aws.neon.tech/app",
        ),
        (f"u@/app?host=a,b&options=endpoint%3D{NEON}-pooler", f"u@/app?host=a%2Cb&options=endpoint%3D{NEON}"),
        (f"u:project%3D{NEON}-pooler%24pw@192.0.2.1/app", f"u:project%3D{NEON}%24pw@192.0.2.1/app"),
        (f"u@{NEON}.us-east-2.aws.neon.tech/app?pgbouncer=true", f"u@{NEON}.us-east-2.aws.neon.tech/app"),
        (
            "postgres.ref:p@aws-0-eu-west-1.pooler.supabase.com:6543/postgres?pgbouncer=true",
            "postgres.ref:p@aws-0-eu-west-1.pooler.supabase.com:5432/postgres",
        ),
        ("postgres:p@db.ref.supabase.co:6543/postgres", "postgres:p@db.ref.supabase.co:5432/postgres"),
        ("u:p@pooled.db.prisma.io:5432/app?sslmode=require", "u:p@db.prisma.io:5432/app?sslmode=require"),
        ("u@db.example.com/app?pgbouncer=true", None),
        ("u@db.example.com:6432/app", None),
        ("u@/app?host=a:5432&host=b:6432", None),
        ("u@/app?host=a,b&port=6432,6432", None),
        (f"u@{NEON}-pooler.us-east-2.aws.neon.tech:6432/app", None),
    ],
)
def test_pooled(pooled: str, straight: str | None) -> None:
    url = parse(f"postgresql://{pooled}")
    assert is_pooled(url)
    assert render(direct(url)) == straight


@pytest.mark.parametrize(
    "text",
    [
        f"u:p@{NEON}.us-east-2.aws.neon.tech/app?options=endpoint%3D{NEON}",
        f"u:endpoint%3D{NEON}%3Bpw-pooler@{NEON}.us-east-2.aws.neon.tech/app",
        "u:p@db-pooler.example.com/app",
        "u:p@us-pooler-2.aws.neon.tech/app",
        "u:p@aws-0-eu-west-1.pooler.supabase.com:5432/postgres",
        "u:p@db.prisma.io/app",
        "u:p@unpooled.db.prisma.io/app",
        "u:p@localhost:5432/app?pgbouncer=false",
        "u:p@app.proxy-abc.eu-west-1.rds.amazonaws.com/app",  # it keeps a session together that needs it
        "u@/app?host=%2Fvar%2Frun%2Fpostgresql",
        "/app",
    ],
)
def test_direct_already(text: str) -> None:
    url = parse(f"postgresql://{text}")
    assert not is_pooled(url)
    assert direct(url) == url


def test_a_url_that_was_not_parsed_is_read_too() -> None:
    url = make_url(f"postgresql+asyncpg://u@{NEON}-pooler.us-east-2.aws.neon.tech/app?pgbouncer=TRUE&ssl=require")
    assert str(direct(url)) == f"postgresql+asyncpg://u@{NEON}.us-east-2.aws.neon.tech/app?ssl=require"


labels = st.from_regex(r"ep-[a-z]{2,8}-[a-z]{2,8}-[a-z0-9]{6,8}", fullmatch=True)
tails = st.sampled_from([".us-east-2.aws.neon.tech", ".c-8.eu-central-1.aws.neon.tech", ".neon.build", ".example.com"])
secrets = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@st.composite
def neon_urls(draw: st.DrawFn) -> URL:
    suffixes = st.sampled_from(["", "-pooler", "-pooler-pooler"])
    label = draw(labels)
    separator = draw(st.sampled_from([None, ";", "$"]))
    prefix = "" if separator is None else f"endpoint={label}{draw(suffixes)}{separator}"
    query = draw(
        st.dictionaries(st.just("options"), suffixes.map(lambda suffix: f"endpoint={label}{suffix} -cjit=off"))
    )
    if draw(st.booleans()):
        query["pgbouncer"] = "true"
    host = label + draw(suffixes) + draw(tails)
    return URL.create("postgresql+psycopg", "u", prefix + draw(secrets), host, None, "app", query)


@settings(deadline=None)
@given(neon_urls())
def test_direct_is_direct_for_good_and_touches_nothing_else(url: URL) -> None:
    straight = direct(url)
    assert straight is not None
    assert not is_pooled(straight)
    assert direct(straight) == straight
    before, after = (str(item.password).replace("-pooler", "") for item in (url, straight))
    assert before == after
    assert (straight.host or "") == (url.host or "").replace("-pooler", "")
    assert straight.query.get("options", "") == str(url.query.get("options", "")).replace("-pooler", "")
    assert (straight.username, straight.database, straight.port) == ("u", "app", None)


@settings(deadline=None)
@given(neon_urls())
def test_the_three_places_name_the_same_endpoint_afterwards(url: URL) -> None:
    straight = direct(url)
    assert straight is not None
    label = (straight.host or "").partition(".")[0]
    options = straight.query.get("options")
    assert options is None or str(options).split()[0] == f"endpoint={label}"
    password = str(straight.password)
    assert not password.startswith(f"endpoint={label}-pooler")
