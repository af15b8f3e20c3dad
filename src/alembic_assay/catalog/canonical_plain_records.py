"""Records of tables whose DDL is plain, from templates: without creating them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_assay.catalog.canonical_plain import same_type
from alembic_assay.catalog.canonical_templates import Templates, checks_of
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.dependencies import Dependency
from alembic_assay.catalog.generated_names import generated
from alembic_assay.catalog.record import copied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alembic_assay.catalog.canonical_plain import Key as TableKey
    from alembic_assay.catalog.canonical_plain import PlainTable, Reference
    from alembic_assay.catalog.columns import Column
    from alembic_assay.catalog.dependencies import Key as RecordKey
    from alembic_assay.catalog.indexes import Index
    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.sequences import Sequence

Key = tuple[str, str]
Tables = dict[Key, "PlainTable"]

KEYWORDS = "SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'"
"""What ``quote_ident`` quotes although it is written like a plain name."""

_SAFE = re.compile(r"[a-z_][a-z0-9_]*")
_NOT_NULL_ARE_CONSTRAINTS = (18,)


@dataclass(frozen=True, slots=True)
class Target:
    """What a foreign key may point to.

    Args:
        columns: Type and collation by name.
        keys: The columns of what is unique there, and the name of the constraint; ``None`` if it is no constraint.
    """

    columns: dict[str, tuple[str, str | None]]
    keys: list[tuple[frozenset[str], str | None]]

    def key(self, reference: Reference) -> str | None:
        """Return the only constraint that a foreign key can mean."""
        found = [name for columns, name in self.keys if columns == set(reference.targets)]
        return found[0] if len(found) == 1 else None


class PlainRecords:
    """Spells records.

    Args:
        templates: What the server makes of definitions.
        keywords: The result of :data:`KEYWORDS`.
        version: Of the server.
    """

    def __init__(self, templates: Templates, keywords: Iterable[str], version: tuple[int, ...]) -> None:
        self._templates = templates
        self._keywords = frozenset(keywords)
        self._not_null_too = version >= _NOT_NULL_ARE_CONSTRAINTS
        self._spelled = {definition for definition, index in templates.indexes.items() if self._is_spelled(index)}

    def provable(self, tables: Tables, others: Mapping[Key, Target | None], taken: set[str]) -> Tables:
        """Return the tables of which all is known, and whose names the server gives to nothing else.

        Args:
            tables: To choose from.
            others: What foreign keys may point to beside these; ``None`` if that is seen later.
            taken: Names that other tables have or may have.
        """
        found = {key: table for key, table in tables.items() if self._known(table)}
        taken = taken | {name for key, table in tables.items() if key not in found for name in _given_names(table)}
        while True:
            names = Counter((key[0], name) for key, table in found.items() for name in self._names(table))
            targets = {**others, **self.targets(found)}
            fewer = {
                key: table
                for key, table in found.items()
                if all(names[key[0], name] == 1 and name not in taken for name in self._names(table))
                and all(self._points_well(table, each, targets) for each in table.references)
            }
            if len(fewer) == len(found):
                return found
            taken |= {name for key, table in found.items() if key not in fewer for name in self._names(table)}
            found = fewer

    def targets(self, tables: Tables) -> dict[Key, Target]:
        """Return what foreign keys of some tables point to, where that is among them."""
        wanted = {reference.target for table in tables.values() for reference in table.references}
        return {key: self._as_target(tables[key]) for key in wanted if key in tables}

    def of(self, table: PlainTable) -> Iterator[Record]:
        """Yield the records of a table, without dependencies."""
        assert self._templates.table is not None  # noqa: S101 - there is one if a column of the table is known
        schema, name = table.key
        comment = table.comments.get(None) or None
        yield copied(self._templates.table, schema=schema, name=name, comment=comment)
        primary = {column for key in table.keys if key.type == "primary key" for column in key.columns}
        for position, (column, definition, not_null) in enumerate(table.columns, 1):
            yield from self._column(table, column, definition, position, not_null or column in primary)
        for key in table.keys:
            yield from self._key(table, key)
        checks = checks_of(table)
        for given, text in table.checks:
            found = self._templates.checks[checks[text]]
            yield copied(found, schema=schema, table=name, name=given or _check_name(table, found))
        for reference in table.references:
            yield self._reference(table, reference)

    def dependencies(self, table: PlainTable, targets: Mapping[Key, Target | None]) -> Iterator[Dependency]:
        """Yield what the parts of a table depend on."""
        for column, definition, _ in table.columns:
            who: RecordKey = ("column", (*table.key, column))
            for needed in self._templates.needs.get(definition, ()):
                yield Dependency(*who, *needed)
            sequence = self._templates.sequences.get(definition)
            if sequence is not None and not sequence.identity:
                own: RecordKey = ("sequence", (table.key[0], generated(table.key[1], [column], "seq")))
                yield Dependency(*who, *own)
                yield Dependency(*own, *who)
        checks = checks_of(table)
        for given, text in table.checks:
            name = given or _check_name(table, self._templates.checks[checks[text]])
            for needed in self._templates.needs.get(checks[text], ()):
                yield Dependency("constraint", (*table.key, name), *needed)
        for reference in table.references:
            target = targets[reference.target]
            if target is not None and reference.target != table.key:
                who = ("constraint", (*table.key, _reference_name(table, reference)))
                yield Dependency(*who, "constraint", (*reference.target, str(target.key(reference))))
                for column in reference.targets:
                    yield Dependency(*who, "column", (*reference.target, column))

    def _known(self, table: PlainTable) -> bool:
        templates, definitions = self._templates, table.definitions
        return (
            all(definition in templates.columns for definition in definitions.values())
            and all(check in templates.checks for check in checks_of(table).values())
            and all(definitions[column] in self._spelled for key in table.keys for column in key.columns)
        )

    def _as_target(self, table: PlainTable) -> Target:
        templates = {name: self._templates.columns[definition] for name, definition, _ in table.columns}
        return Target(
            {name: (each.type, each.collation) for name, each in templates.items()},
            [
                (frozenset(key.columns), None if key.type == "index" else _key_name(table, key))
                for key in table.keys
                if key.unique
            ],
        )

    def _points_well(self, table: PlainTable, reference: Reference, targets: Mapping[Key, Target | None]) -> bool:
        """Tell whether a foreign key can only mean one key, of the same types."""
        if reference.target not in targets:
            return False
        target = targets[reference.target]
        if target is None:
            return True
        for one, other in zip(reference.columns, reference.targets, strict=True):
            mine, its = self._templates.columns[table.definitions[one]], target.columns.get(other)
            if its is None or not same_type(mine.type, its[0]) or mine.collation != its[1]:
                return False
        return target.key(reference) is not None

    def _names(self, table: PlainTable) -> Iterator[str]:
        """Yield the names that relations and constraints of a schema share."""
        yield table.key[1]
        for column, definition, not_null in table.columns:
            if definition in self._templates.sequences:
                yield generated(table.key[1], [column], "seq")
            if self._not_null_too and (not_null or self._templates.columns[definition].not_null):
                yield generated(table.key[1], [column], "not_null")
        for key in table.keys:
            yield _key_name(table, key)
        for reference in table.references:
            yield _reference_name(table, reference)
        checks = checks_of(table)
        for given, text in table.checks:
            yield given or _check_name(table, self._templates.checks[checks[text]])

    def _column(
        self, table: PlainTable, name: str, definition: str, position: int, not_null: bool
    ) -> Iterator[Column | Sequence | Constraint]:
        template, sequence = self._templates.columns[definition], self._templates.sequences.get(definition)
        schema, not_null, default = table.key[0], not_null or template.not_null, template.default
        if sequence is not None:
            own = generated(table.key[1], [name], "seq")
            yield copied(
                sequence, schema=schema, name=own, owned_by=f"{self._qualified(table.key)}.{self._quoted(name)}"
            )
            if default is not None:
                text = self._qualified((schema, own)).replace("'", "''")
                default = f"nextval('{text}'::regclass)"
        yield copied(
            template,
            schema=schema,
            table=table.key[1],
            name=name,
            position=position,
            not_null=not_null,
            default=default,
            comment=table.comments.get(name) or None,
        )
        if self._not_null_too and not_null:
            called = generated(table.key[1], [name], "not_null")
            yield self._constraint(table, called, "not null", f"NOT NULL {self._quoted(name)}", (name,))

    def _key(self, table: PlainTable, key: TableKey) -> Iterator[Index | Constraint]:
        schema, on = table.key
        name = _key_name(table, key)
        columns = f"({', '.join(map(self._quoted, key.columns))})"
        template = self._templates.indexes[table.definitions[key.columns[0]]]
        yield copied(
            template,
            schema=schema,
            table=on,
            name=name,
            definition=f"CREATE {'UNIQUE ' if key.unique else ''}INDEX {self._quoted(name)}"
            f" ON {self._qualified(table.key)} USING btree {columns}",
            columns=key.columns,
            unique=key.unique,
            constraint=None if key.type == "index" else name,
        )
        if key.type != "index":
            yield self._constraint(table, name, key.type, f"{key.type.upper()} {columns}", key.columns)

    def _reference(self, table: PlainTable, reference: Reference) -> Constraint:
        target = self._qualified(reference.target)
        text = f"FOREIGN KEY ({', '.join(map(self._quoted, reference.columns))}) REFERENCES {target}"
        text += f"({', '.join(map(self._quoted, reference.targets))})"
        for event, action in (("UPDATE", reference.update), ("DELETE", reference.delete)):
            text += f" ON {event} {action}" if action and action != "NO ACTION" else ""
        name = _reference_name(table, reference)
        return copied(self._constraint(table, name, "foreign key", text, reference.columns), references=target)

    def _constraint(
        self, table: PlainTable, name: str, type_: str, definition: str, columns: tuple[str, ...]
    ) -> Constraint:
        return Constraint(
            schema=table.key[0], table=table.key[1], name=name, type=type_, definition=definition, columns=columns
        )

    def _is_spelled(self, index: Index) -> bool:
        """Tell whether the server writes nothing but the name of the column."""
        on = self._qualified((index.schema, index.table))
        column = self._quoted(index.columns[0])
        return index.definition == f"CREATE INDEX {self._quoted(index.name)} ON {on} USING btree ({column})"

    def _quoted(self, name: str) -> str:
        if _SAFE.fullmatch(name) and name not in self._keywords:
            return name
        return '"' + name.replace('"', '""') + '"'

    def _qualified(self, key: tuple[str, str]) -> str:
        return f"{self._quoted(key[0])}.{self._quoted(key[1])}"


def _key_name(table: PlainTable, key: TableKey) -> str:
    if key.name is not None:
        return key.name
    return generated(table.key[1], *([], "pkey") if key.type == "primary key" else (key.columns, "key"))


def _reference_name(table: PlainTable, reference: Reference) -> str:
    return reference.name or generated(table.key[1], reference.columns, "fkey")


def _check_name(table: PlainTable, check: Constraint) -> str:
    """Name a check: by its column, if it is about one."""
    return generated(table.key[1], check.columns if len(check.columns) == 1 else (), "check")


def _given_names(table: PlainTable) -> Iterator[str]:
    """Yield the names of a table of which not all is known; a check may get either name."""
    yield table.key[1]
    for column, _, _ in table.columns:
        yield from (generated(table.key[1], [column], label) for label in ("seq", "not_null", "check"))
    yield generated(table.key[1], [], "check")
    yield from (_key_name(table, key) for key in table.keys)
    yield from (_reference_name(table, reference) for reference in table.references)
    yield from (name for name, _ in table.checks if name)
