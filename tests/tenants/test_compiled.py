from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest

from alembic_assay.tenants.compiled import compile_upgrade, is_plain

if TYPE_CHECKING:
    from alembic.config import Config
    from tests.support.project import Project

HEAD = "from __future__ import annotations\nimport sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import postgresql\n"

CALLBACK = """\
from alembic import context
from sqlalchemy import MetaData
from alembic_assay.env import run

run(context, MetaData(), on_version_apply=print)
"""


def script(body: str) -> str:
    return f"{HEAD}\ndef upgrade():\n{indent(dedent(body), '    ')}\n\ndef downgrade():\n    op.get_bind()\n"


@pytest.mark.parametrize(
    "body",
    [
        "op.create_table('t', sa.Column('a', postgresql.JSONB()), sa.Column('b', sa.Enum('x', name='e')))",
        "op.create_index(op.f('i'), 't', ['a'], postgresql_where=sa.text('a > 1'))",
        "for name in ('a', 'b'):\n    op.execute(f'ALTER TABLE {name} ADD x int')",
        "op.execute('UPDATE t SET a = 1')",
    ],
)
def test_what_is_plain(body: str) -> None:
    assert is_plain(script(body))


@pytest.mark.parametrize(
    "body",
    [
        "op.get_bind().execute(sa.text('SELECT 1'))",
        "op.get_context().connection",
        "with op.get_context().autocommit_block():\n    pass",
        "op.create_index('i', 't', ['a'], postgresql_concurrently=True)",
        "op.execute('CREATE INDEX Concurrently i ON t (a)')",
        "op.add_enum_value('e', 'x')",
        "op.bulk_insert(t, [])",
        "if datetime.now().year > 2026:\n    op.drop_table('t')",
        "sa.Enum('x', name='e').create(bind)",
        "import os",
        "from myapp.models import User",
        "from . import x",
        "from alembic import context",
        "op.execute('a\\tb')",
        "while True:\n    pass",
        "try:\n    pass\nfinally:\n    pass",
    ],
)
def test_what_may_differ_from_tenant_to_tenant(body: str) -> None:
    assert not is_plain(script(body))


def test_the_sql_has_neither_transactions_nor_schemas(config: Config) -> None:
    compiled = compile_upgrade(config, ("0001",), "head")
    assert compiled is not None
    statements = [line for line in compiled.sql.splitlines() if line and not line.startswith("--")]
    assert statements == [
        "CREATE INDEX i ON t (a);",
        "UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001';",
    ]
    assert (compiled.options.lock_timeout, compiled.version_table) == ("2s", "alembic_version")


@pytest.mark.parametrize(
    "env",
    [
        "from alembic import context\ncontext.configure(dialect_name='postgresql')\ncontext.run_migrations()\n",
        CALLBACK,
        "raise ValueError\n",
    ],
)
def test_an_env_py_whose_doings_are_not_known(tenants_project: Project, config: Config, env: str) -> None:
    tenants_project.write_env(env)
    assert compile_upgrade(config, (), "head") is None


def test_several_branches(config: Config) -> None:
    assert compile_upgrade(config, ("0001", "0002"), "head") is None
