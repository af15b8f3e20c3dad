from __future__ import annotations

import subprocess
import sys

CODE = """\
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"asyncpg", "dogpile", "distributed", "greenlet", "httpx", "opentelemetry"}:
            raise ImportError(name)

sys.meta_path.insert(0, Missing())
import alembic_assay.env, alembic_assay.neon.branches, alembic_assay.session.cache, alembic_assay.session.soft_delete
import alembic_assay.session.telemetry, alembic_assay.tenants
from alembic_assay.cli import AssayCommandLine
from alembic_assay.errors import AssayError
from alembic_assay.neon.api import NeonAPI
from alembic_assay.session import AsyncDatabase, Database

AssayCommandLine()
environ = {"DATABASE_URL": "postgres://ann@db/app"}
Database.from_environment(environ)
for make in (lambda: AsyncDatabase.from_environment(environ), lambda: NeonAPI("p", "k")):
    try:
        make()
    except AssayError as error:
        print(error)
"""


def test_everything_is_imported_without_the_extras_and_says_what_it_needs() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines(), done.stderr) == (
        [
            "async engines need greenlet. Run pip install 'alembic-assay[async]'.",
            "httpx is not installed. Run pip install 'alembic-assay[neon]'.",
        ],
        "",
    )
