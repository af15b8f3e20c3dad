"""Generated packages, imported."""

from __future__ import annotations

import ast
import importlib
import itertools
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import NullPool, create_engine, orm
from sqlalchemy.orm import mapperlib
from tests.support.autogenerate import Script, run

from alembic_assay.emit.migration import NOTHING, generate_migration
from alembic_assay.emit.package import package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from sqlalchemy import URL

    from alembic_assay.emit.classes import Style

_numbers = itertools.count(1)


@contextmanager
def imported(schema: dict[str, Any], style: Style, directory: Path) -> Iterator[ModuleType]:
    """Write a package, import it with its API schemas, and configure its mappers."""
    name = f"generated_{next(_numbers)}"
    (directory / name).mkdir()
    for file, text in package(schema, style).items():
        (directory / name / file).write_text(text, "utf-8")
    sys.path.insert(0, str(directory))
    try:
        with warnings.catch_warnings():
            # SQLAlchemy 2.1 says this of its own types DOMAIN and MONEY when they are mapped.
            warnings.filterwarnings("ignore", "Type object .* does not refer to an OperatorClass")
            module = importlib.import_module(name)
            importlib.import_module(f"{name}.schemas")
            orm.configure_mappers()
        yield module
    finally:
        sys.path.remove(str(directory))
        _forget(name)
        for each in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[each]


def _forget(name: str) -> None:
    """Dispose of the mappers of a package, and of no others: other tests have their own."""
    mappers = (mapper for registry in mapperlib._all_registries() for mapper in registry.mappers)
    for registry in {mapper.registry for mapper in mappers if mapper.class_.__module__.partition(".")[0] == name}:
        registry.dispose(cascade=True)


def create(module: ModuleType, url: URL) -> None:
    """Make the tables in an empty database."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        module.metadata.create_all(connection)


def as_script(source: str) -> Script:
    """Return a migration's text as :mod:`tests.support.autogenerate` runs it."""
    functions = {each.name: each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)}
    imports = [line for line in source.splitlines() if line.startswith(("from ", "import "))]
    there, back = ("\n".join(map(ast.unparse, functions[name].body)) for name in ("upgrade", "downgrade"))
    return Script("\n".join(imports), there, back)


def migrate(schema: dict[str, Any], url: URL) -> None:
    """Make the tables in an empty database by the first migration."""
    run(url, as_script(generate_migration(NOTHING, schema)), "upgrade")
