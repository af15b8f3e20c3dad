"""A snapshot made anew in a scratch schema is the same snapshot, and what is outside of it is not touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from tests.support import roundtrip

from alembic_assay import catalog
from alembic_assay.catalog.canonical import Refused, canonical
from alembic_assay.catalog.canonical_names import Names

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

HERE = Path(__file__).parent


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted(HERE.glob("features/*.sql"))])
def test_a_feature_is_the_same_when_made_anew(server_url: URL, connection: Connection, path: Path) -> None:
    sql = roundtrip.required(path, server_url)
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
    before = catalog.read(connection)
    found = canonical(connection, before)
    assert found.refused == ()
    assert [str(change) for change in catalog.diff(before, found)] == []
    assert found.dependencies == before.dependencies
    assert catalog.read(connection) == before


def test_an_expression_is_as_the_server_writes_it_when_it_reads_it_again(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE t (a int CONSTRAINT c CHECK (a BETWEEN 1 AND 5 AND a <> 3))"))
    before = catalog.read(connection)
    (change,) = catalog.diff(before, canonical(connection, before))
    assert str(change) == (
        "constraint public.t.c: definition CHECK ((((a >= 1) AND (a <= 5)) AND (a <> 3)))"
        " → CHECK (((a >= 1) AND (a <= 5) AND (a <> 3)))"
    )


def test_what_points_outside_of_the_snapshot_is_refused(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE a (id int PRIMARY KEY)"))
    connection.execute(text("CREATE TABLE b (a_id int REFERENCES a)"))
    assert canonical(connection, catalog.read(connection, tables=["b"])).refused == (
        Refused("constraint public.b.b_a_id_fkey", "table public.a is not part of the snapshot"),
    )


def test_names_in_code_are_moved_and_those_in_data_are_not() -> None:
    names = Names({"public": "s_0"}, {"public": "public"}, {("public", "t")})
    moved = {
        "SELECT public.t, public.u, 'public.t'": """SELECT s_0."t", public.u, 'public.t'""",
        """"public" . "t" -- public.t""": """s_0."t" -- public.t""",
        "nextval ('public.t') || setval('x.t')": """nextval ('s_0."t"') || setval('x.t')""",
        "'public.t'::regclass, 'public.t'::text, $$public.t$$": """'s_0."t"'::regclass, 'public.t'::text, $$public.t$$""",
        "DO 'SELECT ''public.t''::regclass'": """DO 'SELECT ''s_0."t"''::regclass'""",
        r"DO E'SELECT public.t, ''\\d'''": r"""DO E'SELECT s_0."t", ''\\d'''""",
        "E'public.t' PUBLIC.T \"PUBLIC\".t xpublic.t": """E'public.t' s_0."t" "PUBLIC".t xpublic.t""",
    }
    assert {sql: names.to_scratch(sql) for sql in moved} == moved
