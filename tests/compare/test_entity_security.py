"""Policies, row-level security and grants, each case a full cycle."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from alembic_utils.pg_grant_table import PGGrantTable
from alembic_utils.pg_policy import PGPolicy
from sqlalchemy import Column, Integer, Table
from tests.compare.entities import changed, models, view
from tests.support.autogenerate import execute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

ENABLE = 'op.execute(\'ALTER TABLE "public"."task" ENABLE ROW LEVEL SECURITY\')'
DISABLE = ENABLE.replace("ENABLE", "DISABLE")
ON = "ALTER TABLE task ENABLE ROW LEVEL SECURITY"
P = "CREATE POLICY p ON task USING (done)"


@pytest.fixture(scope="module")
def role(server_url: URL) -> Iterator[str]:
    """A role of the cluster, with a name that needs quotes."""
    name = f"App {os.getpid()}"
    execute(server_url, f'CREATE ROLE "{name}"')
    yield name
    execute(server_url, f'DROP ROLE "{name}"')


def policy(definition: str, name: str = "p", table: str = "public.task") -> PGPolicy:
    return PGPolicy(table.split(".", maxsplit=1)[0].strip('"'), name, definition, table)


POLICIES: dict[str, tuple[list[str], list[Any]]] = {
    "created": ([], [policy("USING (done)")]),
    "created where row-level security is on": ([ON], [policy("USING (done)")]),
    "another command, role and check": (
        [ON, P, "COMMENT ON POLICY p ON task IS 'x'"],
        [policy("AS RESTRICTIVE FOR UPDATE TO \"{role}\" USING (title <> 'a:b 50%') WITH CHECK (task.done)")],
    ),
    "one more": ([ON, P], [policy("USING (done)"), policy("FOR INSERT WITH CHECK (true)", "q")]),
    "dropped": ([ON, P], []),
    "of a view's rows": ([], [view("SELECT id FROM task"), policy("USING (id IN (SELECT id FROM v))")]),
    "upper case, quoted": (
        ['CREATE SCHEMA "Other"', 'CREATE TABLE "Other"."T t" (id integer)'],
        [policy("USING (true)", '"My Policy"', '"Other"."T t"')],
    ),
    "folded by who made it": (
        [ON, "CREATE POLICY My_Policy ON task USING (done)"],
        [policy("USING (NOT done)", "My_Policy")],
    ),
}


@pytest.mark.parametrize(("before", "entities"), POLICIES.values(), ids=POLICIES)
def test_policies(role: str, database_url: URL, before: list[str], entities: list[Any]) -> None:
    for entity in entities:
        entity.definition = entity.definition.replace("{role}", role)
    changed(database_url, before, *entities, registered=["public", "Other"])


def test_row_security_is_enabled_with_the_first_policy(database_url: URL) -> None:
    script = changed(database_url, [], policy("USING (done)"))
    assert script.upgrade.splitlines()[-1] == ENABLE
    assert script.downgrade.splitlines()[0] == DISABLE


def test_row_security_stays_where_somebody_enabled_it(database_url: URL) -> None:
    script = changed(database_url, [ON, P])
    assert script.upgrade == 'op.execute(\'DROP POLICY "p" ON "public"."task"\')'


def test_a_policy_of_a_new_table(database_url: URL) -> None:
    after = models()
    Table("note", after, Column("id", Integer, primary_key=True))
    changed(database_url, [], policy("USING (id > 0)", table="public.note"), after=after)


def grant(role: str, privilege: str, *columns: str, table: str = "task", option: bool = False) -> PGGrantTable:
    return PGGrantTable("public", table, role, privilege, list(columns), option)


GRANTS: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = {
    "of columns": ([], [("SELECT", "id", "title"), ("UPDATE", "title")]),
    "of a table": ([], [("DELETE",), ("TRUNCATE",), ("TRIGGER",)]),
    "one column more": (["GRANT SELECT (id) ON task TO {role}"], [("SELECT", "id", "done")]),
    "of all columns instead of the table": (["GRANT SELECT ON task TO {role}"], [("SELECT", "id", "title")]),
    "with grant option": (["GRANT INSERT (id) ON task TO {role}"], [("INSERT", "id", True)]),
    "without grant option": (["GRANT DELETE ON task TO {role} WITH GRANT OPTION"], [("DELETE",)]),
    "revoked": (
        ["GRANT SELECT (id), DELETE ON task TO {role}", "GRANT INSERT ON task TO {role} WITH GRANT OPTION"],
        [],
    ),
    "those of everybody stay": (["GRANT SELECT ON task TO PUBLIC"], [("SELECT", "id")]),
}


@pytest.mark.parametrize(("before", "entities"), GRANTS.values(), ids=GRANTS)
def test_grants(role: str, database_url: URL, before: list[str], entities: list[tuple[Any, ...]]) -> None:
    declared = [
        grant(role, privilege, *(each for each in rest if each is not True), option=True in rest)
        for privilege, *rest in entities
    ]
    changed(database_url, [each.format(role=f'"{role}"') for each in before], *declared)


def test_a_grant_on_a_new_table_and_a_new_view(role: str, database_url: URL) -> None:
    after = models()
    Table("note", after, Column("id", Integer, primary_key=True), Column("bodyText", Integer))
    entities = [
        view("SELECT id FROM note"),
        grant(role, "SELECT", "id", table="v"),
        grant(role, "SELECT", "bodyText", "id", table="note"),
    ]
    changed(database_url, [], *entities, after=after)


def test_a_table_level_grant_is_what_all_its_columns_are(role: str, database_url: URL) -> None:
    before = [f'GRANT SELECT ON task TO "{role}"']
    script = changed(database_url, before, grant(role, "SELECT", "id", "title", "done"))
    assert script.upgrade == "pass"
