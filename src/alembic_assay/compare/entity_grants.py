"""Privileges on tables and columns, as far as alembic-utils declares them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from alembic_assay.sql import display, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from sqlalchemy import Connection

SQL = """
WITH relation AS (
    SELECT c.oid, c.relacl, c.relowner, n.nspname AS schema, c.relname AS name
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend AS x
                      WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
), item AS (
    SELECT r.oid, NULL::name AS "column", x.* FROM relation AS r, aclexplode(r.relacl) AS x
    UNION ALL
    SELECT r.oid, a.attname, x.* FROM relation AS r
    JOIN pg_attribute AS a ON a.attrelid = r.oid AND NOT a.attisdropped, aclexplode(a.attacl) AS x
)
SELECT r.schema, r.name, u.rolname, i.privilege_type, i."column", i.is_grantable,
       ARRAY(SELECT a.attname::text FROM pg_attribute AS a
             WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM item AS i JOIN relation AS r ON r.oid = i.oid JOIN pg_roles AS u ON u.oid = i.grantee
WHERE NOT u.rolsuper AND i.grantee <> r.relowner
  AND i.grantor IN (r.relowner, (SELECT oid FROM pg_roles WHERE rolname = current_user))
ORDER BY 1, 2, 3, 4, 5
"""
"""What a superuser or the owner may do cannot be taken away; what others granted is not ours."""

OF_COLUMNS = frozenset({"SELECT", "INSERT", "UPDATE", "REFERENCES"})
OF_TABLES = frozenset({"DELETE", "TRUNCATE", "TRIGGER"})


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """What identifies a declared privilege.

    Args:
        schema: The schema of the table.
        table: The table or view.
        role: Who has the privilege.
        privilege: ``SELECT`` …
    """

    schema: str
    table: str
    role: str
    privilege: str

    @property
    def title(self) -> str:
        """What a person would call it: ``grant of SELECT on public.t to app``."""
        return f"grant of {self.privilege} on {display(self.table, self.schema)} to {display(self.role)}"

    @property
    def revoke(self) -> str:
        """Take it from the table and from all columns."""
        return f"REVOKE {self.privilege} ON TABLE {self._object} FROM {identifier(self.role)}"

    def give(self, held: Iterable[tuple[str | None, bool]]) -> Iterator[str]:
        """Yield the statements that give it.

        Args:
            held: Columns, ``None`` for the table, and whether it may be granted on.
        """
        items = sorted(held, key=lambda item: (item[1], item[0] is not None, item[0] or ""))
        for option in (False, True):
            columns = [column for column, grantable in items if grantable is option]
            named = [identifier(column) for column in columns if column is not None]
            with_option = " WITH GRANT OPTION" if option else ""
            for words in [*([""] if None in columns else []), *([f" ({', '.join(named)})"] if named else [])]:
                yield f"GRANT {self.privilege}{words} ON TABLE {self._object} TO {identifier(self.role)}{with_option}"

    @property
    def _object(self) -> str:
        return qualified(self.table, self.schema)


@dataclass(frozen=True, slots=True)
class Held:
    """How a privilege is held.

    Args:
        items: As it was granted: columns, ``None`` for the table, and whether it may be granted on.
        effect: The same with the columns that the table stands for.
    """

    items: frozenset[tuple[str | None, bool]]
    effect: frozenset[tuple[str | None, bool]]


def read(connection: Connection) -> dict[Grant, Held]:
    """Read what the current role has granted."""
    items: dict[Grant, set[tuple[str | None, bool]]] = {}
    effects: dict[Grant, set[tuple[str | None, bool]]] = {}
    for schema, table, role, privilege, column, grantable, columns in connection.execute(text(SQL)):
        if privilege not in OF_COLUMNS | OF_TABLES:
            continue
        grant = Grant(schema, table, role, privilege)
        items.setdefault(grant, set()).add((column, grantable))
        whole = column is None and privilege in OF_COLUMNS
        effect = {(name, grantable) for name in columns} if whole else {(column, grantable)}
        effects.setdefault(grant, set()).update(effect)
    return {grant: Held(frozenset(items[grant]), frozenset(effects[grant])) for grant in items}


def grant_of(entity: Any) -> Grant:
    """Return what identifies an entity."""
    return Grant(entity.schema, entity.table, entity.role, str(entity.grant))


@dataclass(frozen=True, slots=True)
class Changes:
    """What happens to privileges.

    Args:
        upgrade: The statements.
        downgrade: Those of the way back.
        titles: What they do, for people.
        changed: What is declared and held otherwise, or not at all.
        removed: What is held and not declared.
    """

    upgrade: tuple[str, ...] = ()
    downgrade: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    changed: tuple[Grant, ...] = ()
    removed: tuple[Grant, ...] = ()


def changes(
    before: Mapping[Grant, Held], after: Mapping[Grant, Held], declared: Collection[Grant], removed: Collection[Grant]
) -> Changes:
    """Compare privileges.

    Args:
        before: What is granted.
        after: What was granted when all that is declared had been.
        declared: What is.
        removed: What is granted and not declared.
    """
    up, down, titles, changed = list[str](), list[str](), list[str](), list[Grant]()
    for grant in sorted({*declared, *removed}):
        old, new = before.get(grant), None if grant in removed else after.get(grant)
        if (old and old.effect) == (new and new.effect):
            continue
        up += [*([grant.revoke] if old else []), *(grant.give(new.items) if new else [])]
        down += [*([grant.revoke] if new else []), *(grant.give(old.items) if old else [])]
        titles.append(f"{'added' if old is None else 'removed' if new is None else 'changed'} {grant.title}")
        changed += [] if grant in removed else [grant]
    return Changes(tuple(up), tuple(down), tuple(titles), tuple(changed), tuple(sorted(removed)))
