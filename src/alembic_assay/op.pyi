from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alembic.op import *  # noqa: F403 - this is alembic.op, and a little more

def create_enum(name: str, values: Sequence[str], *, schema: str | None = None) -> None: ...
def drop_enum(name: str, *, schema: str | None = None) -> None: ...
def add_enum_value(
    name: str,
    value: str,
    *,
    before: str | None = None,
    after: str | None = None,
    schema: str | None = None,
    if_not_exists: bool = False,
) -> None: ...
def rename_enum_value(name: str, value: str, new_value: str, *, schema: str | None = None) -> None: ...
def rename_enum(
    name: str, new_name: str | None = None, *, schema: str | None = None, new_schema: str | None = None
) -> None: ...
def replace_enum(
    name: str, values: Sequence[str], *, schema: str | None = None, mapping: Mapping[str, str] | None = None
) -> None: ...
def start_enum_switch(
    name: str, values: Sequence[str], *, schema: str | None = None, mapping: Mapping[str, str] | None = None
) -> None: ...
def copy_enum_values(
    name: str, *, schema: str | None = None, mapping: Mapping[str, str] | None = None, batch_pages: int = 100
) -> None: ...
def finish_enum_switch(name: str, *, schema: str | None = None, mapping: Mapping[str, str] | None = None) -> None: ...
def sync_enum_values(
    enum_schema: str,
    enum_name: str,
    new_values: Sequence[str],
    affected_columns: Iterable[Any] = (),
    enum_values_to_rename: Iterable[tuple[str, str]] = (),
) -> None: ...
