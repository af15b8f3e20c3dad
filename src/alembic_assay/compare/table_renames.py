"""Tables and columns that have another name now: declared in the model, said with ``-x rename=``, or asked for.

Nothing is guessed: where something looks renamed and nobody says so, the run stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic_assay.compare import renames
from alembic_assay.errors import RenameError
from alembic_assay.ops.renames import RenameColumn, RenameTable
from alembic_assay.sql import display, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.autogenerate.api import AutogenContext
    from alembic.operations import MigrateOperation
    from sqlalchemy import Column, Table

    from alembic_assay.catalog.snapshot import Snapshot
    from alembic_assay.compare.models import Key, Models

RENAMED_FROM = "renamed_from"
"""The key of the ``info`` of a table or column that holds its name before."""


@dataclass(frozen=True, slots=True)
class Rename:
    """One rename.

    Args:
        table: Schema and name of the table; of a renamed one, before.
        old: The name before.
        new: The name then.
        column: Whether it is a column's.
    """

    table: Key
    old: str
    new: str
    column: bool

    @property
    def sql(self) -> str:
        """The statement."""
        what = f"COLUMN {identifier(self.old)} " if self.column else ""
        return f"ALTER TABLE {qualified(self.table[1], self.table[0])} RENAME {what}TO {identifier(self.new)}"

    def operation(self, models: Models) -> MigrateOperation:
        """Return the operation."""
        schema = None if self.table[0] == models.default_schema else self.table[0]
        if self.column:
            return RenameColumn(self.table[1], self.old, self.new, schema=schema)
        return RenameTable(self.old, self.new, schema=schema)


class TableRenames:
    """What is renamed in one run.

    Args:
        autogen_context: Knows what the user said.
        models: What the models declare.
        present: What is compared of the database.
        wanted: What the models want.
    """

    def __init__(self, autogen_context: AutogenContext, models: Models, present: Snapshot, wanted: Snapshot) -> None:
        self._said = renames.of(autogen_context)
        self._models = models
        self._present, self._wanted = _columns(present), _columns(wanted)

    def found(self) -> list[Rename]:
        """Return all renames: tables first.

        Raises:
            RenameError: Something looks renamed, and nobody says whether it is.
        """
        tables = list(self._tables())
        moved = {rename.table: (rename.table[0], rename.new) for rename in tables}
        here = {moved.get(key, key): columns for key, columns in self._present.items()}
        both = sorted(here.keys() & self._wanted.keys())
        return [*tables, *(rename for key in both for rename in self._of_table(key, here[key]))]

    def _tables(self) -> Iterator[Rename]:
        gone = sorted(self._present.keys() - self._wanted.keys())
        for key in sorted(self._wanted.keys() - self._present.keys()):
            table = self._models.tables.get(key)
            old = next((each for each in gone if table is not None and self._is_table(each, key, table)), None)
            if old is not None:
                gone.remove(old)
                yield Rename(old, old[1], key[1], column=False)

    def _is_table(self, old: Key, new: Key, table: Table) -> bool:
        if old[0] != new[0]:
            return False
        if table.info.get(RENAMED_FROM) is not None:
            return str(table.info[RENAMED_FROM]) == old[1]
        paths = self._paths(old)
        said = self._said.renamed(*paths)
        if said is not None:
            return said == new[1]
        if self._said.removed(*paths) or not _same(self._present[old], self._wanted[new]):
            return False
        question = f"Was the table {display(old[1])} renamed to {display(new[1])}? Both have the same columns."
        return self._asked(question, paths[-1], new[1], "table")

    def _of_table(self, key: Key, columns: dict[str, Any]) -> Iterator[Rename]:
        wanted = self._wanted[key]
        gone = [name for name in columns if name not in wanted]
        table = self._models.tables.get(key)
        for name in [name for name in wanted if name not in columns]:
            model = None if table is None else next((c for c in table.columns if c.name == name), None)
            old = next((each for each in gone if self._is_column(key, columns[each], wanted[name], model)), None)
            if old is not None:
                gone.remove(old)
                yield Rename(key, old, name, column=True)

    def _is_column(self, table: Key, old: Any, new: Any, model: Column[Any] | None) -> bool:
        declared = None if model is None else model.info.get(RENAMED_FROM)
        if declared is not None:
            return str(declared) == str(old.name)
        paths = [(*path, old.name) for path in self._paths(table)]
        said = self._said.renamed(*paths)
        if said is not None:
            return said == str(new.name)
        unlike = (old.type, old.position, old.generated) != (new.type, new.position, new.generated)
        if self._said.removed(*paths) or unlike:
            return False
        before, after = display(old.name), display(new.name)
        question = f"Was the column {display(table[1])}.{before} renamed to {after}? Both are of type {old.type}."
        return self._asked(question, paths[-1], new.name, "column")

    def _paths(self, key: Key) -> list[Key]:
        return [key, key[1:]] if key[0] == self._models.default_schema else [key]

    def _asked(self, question: str, path: Key, new: str, kind: str) -> bool:
        answer = self._said.ask(question)
        if answer is None:
            title, written = ".".join(map(display, path)), renames.written(*path)
            raise RenameError(
                f"{kind} {title} is gone and {kind} {display(new)} is new, and they look the same.",
                hint=(
                    f"If it was renamed: -x rename={written}:{renames.written(new)}, or"
                    f" info={{'renamed_from': {path[-1]!r}}} on the {kind}. If it is another one: -x remove={written}."
                ),
            )
        return answer


def _columns(snapshot: Snapshot) -> dict[Key, dict[str, Any]]:
    """Return the columns of each table, in order."""
    found: dict[Key, dict[str, Any]] = {record.key: {} for record in snapshot if record.kind == "table"}
    columns: list[Any] = [record for record in snapshot if record.kind == "column" and record.key[:2] in found]
    for record in sorted(columns, key=lambda each: each.position):
        found[record.key[:2]][record.name] = record
    return found


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return len(old) > 1 and [(c.name, c.type) for c in old.values()] == [(c.name, c.type) for c in new.values()]
