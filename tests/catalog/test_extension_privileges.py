"""Privileges on objects of extensions: only those that somebody changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay import catalog
from alembic_assay.catalog.extension_privileges import ExtensionPrivileges

if TYPE_CHECKING:
    from sqlalchemy import Connection


def found(connection: Connection) -> list[ExtensionPrivileges]:
    return list(catalog.read(connection).of(ExtensionPrivileges))


def test_only_what_was_changed_is_told(connection: Connection) -> None:
    connection.execute(text("CREATE EXTENSION citext"))
    connection.execute(text("CREATE FUNCTION own() RETURNS int LANGUAGE sql AS 'SELECT 1'"))
    connection.execute(text("REVOKE ALL ON FUNCTION own() FROM PUBLIC"))
    assert found(connection) == []
    connection.execute(text("GRANT EXECUTE ON FUNCTION citext(boolean) TO pg_monitor"))
    (record,) = found(connection)
    owner = connection.execute(text("SELECT current_user")).scalar_one()
    assert record == ExtensionPrivileges(
        type="function",
        name="public.citext(boolean)",
        extension="citext",
        object_owner=owner,
        initial_acl=(f"=X/{owner}", f"{owner}=X/{owner}"),
        acl=(f"=X/{owner}", f"pg_monitor=X/{owner}", f"{owner}=X/{owner}"),
    )
    assert record.title == "privileges on function public.citext(boolean) of extension citext"
    connection.execute(text("REVOKE EXECUTE ON FUNCTION citext(boolean) FROM pg_monitor"))
    assert found(connection) == []


def test_they_are_read_with_the_whole_database_only(connection: Connection) -> None:
    connection.execute(text("CREATE EXTENSION citext"))
    connection.execute(text("REVOKE USAGE ON TYPE citext FROM PUBLIC"))
    assert [record.name for record in found(connection)] == ["public.citext"]
    assert catalog.read(connection, schemas=["public"]).of(ExtensionPrivileges) == ()
