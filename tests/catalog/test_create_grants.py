"""The texts of privileges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_assay.catalog.create_grants import Item, grants, parsed
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.tables import Table

roles = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=10)


@given(roles, roles, st.dictionaries(st.sampled_from("rawdDxtm"), st.booleans()))
def test_an_item_is_read_as_the_server_writes_it(grantee: str, grantor: str, privileges: dict[str, bool]) -> None:
    letters = "".join(letter + "*" * may_grant for letter, may_grant in privileges.items())
    assert parsed(f"{_quoted(grantee)}={letters}/{_quoted(grantor)}") == Item(grantee, privileges, grantor)


def test_an_item_without_a_role_is_for_everybody() -> None:
    assert parsed("=r/postgres") == Item("", {"r": False}, "postgres")


@pytest.mark.parametrize(
    ("acl", "statements"),
    [
        (None, []),
        (("ann=arwdDxt/ann",), []),
        (("ann=arwdDxtm/ann",), []),
        ((), ['REVOKE ALL ON TABLE "s"."T t" FROM CURRENT_USER']),
        (
            ("ann=arwdDx/ann",),
            [
                'REVOKE ALL ON TABLE "s"."T t" FROM CURRENT_USER',
                'GRANT INSERT, SELECT, UPDATE, DELETE, TRUNCATE, REFERENCES ON TABLE "s"."T t" TO CURRENT_USER',
            ],
        ),
        (
            ("ann=rm/ann",),
            [
                'REVOKE ALL ON TABLE "s"."T t" FROM CURRENT_USER',
                'GRANT SELECT, MAINTAIN ON TABLE "s"."T t" TO CURRENT_USER',
            ],
        ),
        (("=r/ann", "ann=arwdDxt/ann"), ['GRANT SELECT ON TABLE "s"."T t" TO PUBLIC']),
        (
            ("ann=arwdDxt/ann", "bob=r*w/ann", "=r/bob"),
            [
                'GRANT UPDATE ON TABLE "s"."T t" TO "bob"',
                'GRANT SELECT ON TABLE "s"."T t" TO "bob" WITH GRANT OPTION',
                'SET SESSION AUTHORIZATION "bob"',
                'GRANT SELECT ON TABLE "s"."T t" TO PUBLIC',
                "RESET SESSION AUTHORIZATION",
            ],
        ),
    ],
)
def test_grants_of_a_table(acl: tuple[str, ...] | None, statements: list[str]) -> None:
    table = Table(schema="s", name="T t", owner="ann", acl=acl)
    assert list(grants(table, "ann", owners=False)) == statements


def test_who_was_granted_the_right_grants_it_afterwards() -> None:
    table = Table(schema="s", name="t", acl=("adam=r/bob", "bob=r*/carol", "carol=r*/ann", "ann=arwdDxt/ann"))
    granting = [sql for sql in grants(table, "ann", owners=False) if sql.startswith("GRANT")]
    assert granting == [
        'GRANT SELECT ON TABLE "s"."t" TO "carol" WITH GRANT OPTION',
        'GRANT SELECT ON TABLE "s"."t" TO "bob" WITH GRANT OPTION',
        'GRANT SELECT ON TABLE "s"."t" TO "adam"',
    ]


def test_with_owners_the_owner_is_named() -> None:
    table = Table(schema="s", name="t", owner="ann", acl=())
    assert list(grants(table, "ann", owners=True)) == ['REVOKE ALL ON TABLE "s"."t" FROM "ann"']


def test_everybody_may_use_a_type_from_the_start() -> None:
    enum = Enum(schema="s", name="e", labels=(), owner="ann", acl=("ann=U/ann",))
    assert list(grants(enum, "ann", owners=False)) == ['REVOKE ALL ON TYPE "s"."e" FROM PUBLIC']


def _quoted(role: str) -> str:
    return '"' + role.replace('"', '""') + '"'
