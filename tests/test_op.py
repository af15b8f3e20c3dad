"""Scripts that import ``op`` from here are type-checked, and run as with Alembic's own."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic.operations import Operations
from sqlalchemy import Column, Enum, Integer, MetaData, Table
from tests.support.autogenerate import generate

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

HEADER = """\
import sqlalchemy as sa
from alembic_assay import op
from alembic.op import get_context
"""


def mypy(path: Path) -> str:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", path.name]
    return subprocess.run(command, cwd=path.parent, check=False, capture_output=True, text=True).stdout


def test_a_script_as_autogenerate_writes_it_type_checks(database_url: URL, tmp_path: Path) -> None:
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True), Column("mood", Enum("a", "b", name="mood")))
    script = generate(database_url, metadata)
    body = "\n    ".join(script.upgrade.splitlines())
    path = tmp_path / "script.py"
    more = "op.add_enum_value('mood', 'c', after='b')\n    op.replace_enum('mood', ['a'], mapping={'b': 'a'})"
    path.write_text(f"{HEADER}{script.imports}\n\ndef upgrade() -> None:\n    {body}\n    {more}\n")
    assert mypy(path) == "Success: no issues found in 1 source file\n"


def test_wrong_arguments_are_found_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(f"{HEADER}\nop.add_enum_value('mood', 3)\nop.rename_enum_value('mood', 'a')\nop.no_such()\n")
    assert [line.split("error: ")[1] for line in mypy(path).splitlines()[:-1]] == [
        'Argument 2 to "add_enum_value" has incompatible type "int"; expected "str"  [arg-type]',
        'Missing positional argument "new_value" in call to "rename_enum_value"  [call-arg]',
        'Module has no attribute "no_such"  [attr-defined]',
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("create_enum", "drop_enum", "add_enum_value", "rename_enum_value", "rename_enum", "replace_enum"),
        *("start_enum_switch", "copy_enum_values", "finish_enum_switch"),
    ],
)
def test_the_types_are_those_of_the_directives(name: str) -> None:
    import alembic_assay.op as ours  # noqa: PLC0415 - its file is what is looked at

    stub = (ours.__file__ or "") + "i"
    names: dict[str, object] = {}
    with open(stub, encoding="utf-8") as file:  # noqa: PTH123 - one line
        source = file.read().replace("from alembic.op import *", "")  # its names are not looked at
    exec(compile(f"from __future__ import annotations\n{source}", stub, "exec"), names)  # noqa: S102 - our own stub
    declared = inspect.signature(names[name])  # type: ignore[arg-type] # a function
    actual = inspect.signature(getattr(Operations, name))
    assert list(declared.parameters.values()) == [
        parameter for parameter in actual.parameters.values() if parameter.name != "self"
    ]
