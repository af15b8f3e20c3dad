"""Every way in which an enumerated type ``mood`` can change, and what autogenerate writes for it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, Column, Enum, Integer, MetaData, Table, Text

LABELS = ("sad", "calm", "ok", "happy")
BACK = ["op.replace_enum('mood', ['sad', 'calm', 'ok', 'happy'])"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the type.

    Args:
        labels: Its labels then.
        upgrade: What autogenerate writes.
        downgrade: And for the way back.
        name: Its name then.
        schema: Its schema then.
        info: Of its column.
        column: The default of a new column.
        held: What makes a row hold a label.
    """

    labels: tuple[str, ...] = LABELS
    upgrade: list[str] = field(default_factory=list)
    downgrade: list[str] = field(default_factory=lambda: BACK)
    name: str = "mood"
    schema: str | None = None
    info: dict[str, Any] = field(default_factory=dict)
    column: str | None = None
    held: tuple[str, ...] = ()

    def models(self, **options: Any) -> MetaData:
        """The table of the base, with the type as it is then."""
        metadata = MetaData()
        mood = Enum(*self.labels, name=self.name, **({"schema": self.schema} if self.schema else {}))
        columns: list[Column[Any]] = [
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("mood", mood, info=self.info),
            Column("moods", ARRAY(mood)),
            Column("note", Text),
        ]
        if self.column is not None:
            columns.append(Column("next", mood, server_default=self.column))
        Table("task", metadata, *columns, **options)
        return metadata


CHANGES = {
    "add in the middle": Change(
        ("sad", "calm", "fine", "ok", "happy"), ["op.add_enum_value('mood', 'fine', after='calm')"]
    ),
    "add and use": Change(
        ("sad", "calm", "fine", "ok", "happy"),
        [
            "with op.get_context().autocommit_block():",
            "    op.add_enum_value('mood', 'fine', after='calm', if_not_exists=True)",
            (
                "op.add_column('task', sa.Column('next', postgresql.ENUM('sad', 'calm', 'fine', 'ok', 'happy',"
                " name='mood', create_type=False), server_default='fine', nullable=True))"
            ),
        ],
        ["op.drop_column('task', 'next')", *BACK],
        column="fine",
    ),
    "rename a value": Change(
        ("blue's", "calm", "ok", "happy"),
        ["op.rename_enum_value('mood', 'sad', \"blue's\")"],
        ["op.rename_enum_value('mood', \"blue's\", 'sad')"],
        info={"renamed_values": {"sad": "blue's"}},
    ),
    "rename the type": Change(
        LABELS,
        ["op.rename_enum('mood', 'Feeling')"],
        ["op.rename_enum('Feeling', 'mood')"],
        name="Feeling",
        info={"type_renamed_from": "mood"},
    ),
    "move it to another schema": Change(
        LABELS,
        ["op.rename_enum('mood', schema='public', new_schema='app')"],
        ["op.rename_enum('mood', schema='app', new_schema='public')"],
        schema="app",
        info={"type_renamed_from": "public.mood"},
    ),
    "remove an unused value": Change(("sad", "ok", "happy"), ["op.replace_enum('mood', ['sad', 'ok', 'happy'])"]),
    "remove a used value": Change(
        ("sad", "ok", "happy"),
        ["op.replace_enum('mood', ['sad', 'ok', 'happy'], mapping={'calm': 'happy'})"],
        info={"removed_values": {"calm": "happy"}},
        held=("UPDATE task SET moods = '{calm,sad}' WHERE id = 3",),
    ),
    "reorder": Change(("calm", "sad", "happy", "ok"), ["op.replace_enum('mood', ['calm', 'sad', 'happy', 'ok'])"]),
    "rename, remove and reorder all at once": Change(
        ("ok", "blue's", "happy"),
        [
            "op.rename_enum_value('mood', 'sad', \"blue's\", schema='public')",
            "op.rename_enum('mood', 'Feeling', schema='public', new_schema='app')",
            "op.replace_enum('Feeling', ['ok', \"blue's\", 'happy'], schema='app')",
        ],
        [
            "op.replace_enum('Feeling', [\"blue's\", 'calm', 'ok', 'happy'], schema='app')",
            "op.rename_enum('Feeling', 'mood', schema='app', new_schema='public')",
            "op.rename_enum_value('mood', \"blue's\", 'sad', schema='public')",
        ],
        name="Feeling",
        schema="app",
        info={
            "type_renamed_from": "public.mood",
            "renamed_values": {"sad": "blue's"},
            "removed_values": {"calm": None},
        },
    ),
}


def lines(script: str) -> list[str]:
    """The lines of a script without comments, in one layout."""
    return ast.unparse(ast.parse(script)).splitlines()
