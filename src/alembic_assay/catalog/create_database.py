"""Statements for what belongs to the database as a whole: publications, settings, event triggers and so on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.catalog.create_context import quoted
from alembic_assay.catalog.create_grants import by_default
from alembic_assay.catalog.create_steps import Step
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.database_settings import DatabaseSetting
    from alembic_assay.catalog.default_privileges import DefaultPrivileges
    from alembic_assay.catalog.event_triggers import EventTrigger
    from alembic_assay.catalog.publication_tables import PublicationTable
    from alembic_assay.catalog.publications import Publication
    from alembic_assay.catalog.security_labels import SecurityLabel
    from alembic_assay.catalog.subscriptions import Subscription

_STATES = {"disabled": "DISABLE", "replica": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}
_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)
"""``GUC_LIST_QUOTE``: their text is a list of names, each quoted where it must be."""


def publication(record: Publication, context: Context) -> Iterator[Step]:
    """Make a publication."""
    node = ("publication", record.key)
    listed = [f"TABLES IN SCHEMA {identifier(schema)}" for schema in record.schemas]
    words = [f"CREATE PUBLICATION {identifier(record.name)}"]
    if record.all_tables or listed:
        words.append(f"FOR {'ALL TABLES' if record.all_tables else ', '.join(listed)}")
    settings = [f"publish = {quoted(', '.join(record.operations))}"]
    settings += ["publish_via_partition_root = true"] if record.via_root else []
    settings += ["publish_generated_columns = stored"] if record.generated_columns else []
    words.append(f"WITH ({', '.join(settings)})")
    yield Step(node, [" ".join(words)], set(context.needs[node]))


def publication_table(record: PublicationTable, context: Context) -> Iterator[Step]:
    """Add a table to a publication."""
    node = ("publication table", record.key)
    table = qualified(record.table, record.schema)
    columns = f" ({', '.join(map(identifier, record.columns))})" if record.columns else ""
    where = f" WHERE ({record.where})" if record.where is not None else ""
    statement = f"ALTER PUBLICATION {identifier(record.name)} ADD TABLE ONLY {table}{columns}{where}"
    yield Step(node, [statement], {*context.needs[node], ("publication", (record.name,)), ("table", record.key[:2])})


def subscription(record: Subscription, context: Context) -> Iterator[Step]:
    """Make a subscription that does not run: how to connect is a secret that no snapshot holds."""
    node = ("subscription", record.key)
    publications = ", ".join(map(identifier, record.publications))
    slot = "NONE" if record.slot is None else quoted(record.slot)
    settings = ["connect = false", f"slot_name = {slot}"]
    settings += [f"{name} = {quoted(value)}" for name, _, value in (each.partition("=") for each in record.options)]
    words = f"CREATE SUBSCRIPTION {identifier(record.name)} CONNECTION '' PUBLICATION {publications}"
    yield Step(node, [f"{words} WITH ({', '.join(settings)})"], set(context.needs[node]))


def event_trigger(record: EventTrigger, context: Context) -> Iterator[Step]:
    """Make an event trigger."""
    node, name = ("event trigger", record.key), identifier(record.name)
    tags = f" WHEN TAG IN ({', '.join(map(quoted, record.tags))})" if record.tags else ""
    statements = [f"CREATE EVENT TRIGGER {name} ON {record.event}{tags} EXECUTE FUNCTION {record.function}()"]
    if record.enabled in _STATES:
        statements.append(f"ALTER EVENT TRIGGER {name} {_STATES[record.enabled]}")
    yield Step(node, statements, set(context.needs[node]))


def default_privileges(record: DefaultPrivileges, _: Context) -> Iterator[Step]:
    """Change default privileges from the server's own to those of the record."""
    place = f" IN SCHEMA {identifier(record.schema)}" if record.schema else ""
    alter = f"ALTER DEFAULT PRIVILEGES FOR ROLE {identifier(record.role)}{place}"
    yield Step(("default privileges", record.key), [f"{alter} {statement}" for statement in by_default(record)])


def setting(record: DatabaseSetting, _: Context) -> Iterator[Step]:
    """Set a setting of the database in which this runs, whatever its name; one that is not shown cannot be set."""
    node = ("setting", record.key)
    if record.value is None:
        yield Step(node, [])
        return
    role = f"ROLE {identifier(record.role)} IN " if record.role else ""
    values = _listed(record.value) if record.name in _LISTS else [record.value]
    written = f" SET {identifier(record.name)} TO {', '.join(map(quoted, values)) or quoted('')}"
    body = (
        f"BEGIN EXECUTE {quoted(f'ALTER {role}DATABASE ')} || quote_ident(current_database()) || {quoted(written)}; END"
    )
    yield Step(node, [f"DO {quoted(body)}"])


def security_label(record: SecurityLabel, _: Context) -> Iterator[Step]:
    """Set a security label; its provider must be loaded."""
    word = "COLUMN" if record.type.endswith(" column") else record.type.upper()
    on = f"SECURITY LABEL FOR {identifier(record.provider)} ON {word} {record.name}"
    yield Step(("security label", record.key), [f"{on} IS {quoted(record.label)}"])


def _listed(value: str) -> list[str]:
    found = re.finditer(r'"((?:[^"]|"")*)"|([^",\s]+)', value)
    return [each[2] if each[1] is None else each[1].replace('""', '"') for each in found]
