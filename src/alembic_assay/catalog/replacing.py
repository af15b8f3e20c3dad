"""Objects with a definition go from one snapshot to another: in place where that is possible, else dropped and made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_assay.catalog.aside import arranged
from alembic_assay.catalog.aside_closure import Closure

if TYPE_CHECKING:
    from collections.abc import Collection

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.snapshot import Snapshot

_UNCHECKED = "SET LOCAL check_function_bodies = off"


@dataclass(frozen=True, slots=True)
class Replacing:
    """The way from one snapshot to another.

    Args:
        drop: What comes first: everything that cannot stay, dependants too.
        create: What comes then: all of it again, and what is new, with all that hung on it.
        dropped: Kind and key of what is not there between the two.
        created: Kind and key of what is made or replaced.
    """

    drop: tuple[str, ...]
    create: tuple[str, ...]
    dropped: frozenset[Key]
    created: frozenset[Key]


def replacing(
    before: Snapshot, after: Snapshot, changed: Collection[Key], in_place: Collection[Key], role: str
) -> Replacing:
    """Write the statements that change some views, functions, triggers, policies or extensions.

    What hangs on an object that must be dropped, however far away, is dropped before and put back verbatim after it.

    Args:
        before: The whole database.
        after: The same with the changed objects as they shall be, with the privileges and comments that they had.
        changed: Kind and key, on either side, of what is not the same on both.
        in_place: Those of them that ``CREATE OR REPLACE`` is enough for, unless they hang on another one.
        role: Who will run the statements: what belongs to it is not given to it by name.

    Raises:
        AsideError: Something that hangs on them cannot be taken away for a moment.
    """
    old = {(record.kind, record.key) for record in before}
    new = {(record.kind, record.key) for record in after}
    gone = Closure(before, taken=[key for key in changed if key in old and key not in in_place])
    kept = [key for key in in_place if key not in gone.taken]
    back = {key for key in (*gone.taken, *changed) if key in new and key not in kept}
    made = Closure(after, taken=back, kept=kept)
    create = arranged(made, role=role).restore
    if create[:1] == (_UNCHECKED,) and not _opaque(after, made):
        create = create[1:-1]
    return Replacing(arranged(gone).drop, create, frozenset(gone.taken), frozenset({*made.taken, *kept}))


def _opaque(after: Snapshot, made: Closure) -> bool:
    """Whether the body of a function may name what is made only later."""
    functions = [record for record in after if record.kind == "function" and (record.kind, record.key) in made.taken]
    return len(made.taken) > 1 and any("\n LANGUAGE sql\n" in getattr(each, "definition", "") for each in functions)
