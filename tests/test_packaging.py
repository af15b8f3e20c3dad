"""What is installed: every module alone, the entry points, the wheel."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import alembic_assay

ROOT = Path(__file__).parents[1]
PACKAGE = Path(alembic_assay.__file__).parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ENTRY_POINTS: dict[str, dict[str, str]] = PYPROJECT["project"]["entry-points"]
PLUGINS = sorted(ENTRY_POINTS["alembic.plugins"].values())

# One interpreter that has imported only SQLAlchemy, which knows nothing of us, is forked for each module.
IMPORT_EACH = """\
import json, os, sys, traceback, warnings
warnings.simplefilter("error")
sys.path.insert(0, sys.argv[1])
import sqlalchemy
failed = {}
for module in sys.argv[2:]:
    readable, writable = os.pipe()
    if os.fork() == 0:
        try:
            __import__(module)
        except BaseException:
            os.write(writable, traceback.format_exc()[-4000:].encode())
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as answer:
        if said := answer.read():
            failed[module] = said
    os.wait()
print(json.dumps(failed))
"""


def modules() -> list[str]:
    names = []
    for path in set(PACKAGE.rglob("*.py")) - set(PACKAGE.rglob("__main__.py")):  # those are run, not imported
        parents = list(path.relative_to(PACKAGE).parents)
        if all((PACKAGE / parent / "__init__.py").exists() for parent in parents):  # templates are no modules
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(names)


def static_imports(module: str) -> set[str]:
    """Names of the modules that a module imports by an import statement, type checking left out."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    tree = ast.parse(Path(str(spec.origin)).read_text("utf-8"))
    names: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
        waiting += ast.iter_child_nodes(node)
    return names


@pytest.fixture
def distribution() -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution("alembic-assay")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("alembic-assay is on the path here, but not installed")


def test_every_module_can_be_imported_first() -> None:
    command = [sys.executable, "-I", "-W", "error", "-c", IMPORT_EACH, str(PACKAGE.parent)]
    shares = os.cpu_count() or 1
    failed = {}
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen([*command, *modules()[share::shares]], stdout=subprocess.PIPE))
            for share in range(shares)
        ]
        for process in processes:
            failed.update(json.loads(process.communicate()[0]))
    assert not failed, "\n".join(failed.values())


def test_all_modules_are_known_to_that_test() -> None:
    assert {"alembic_assay", "alembic_assay.proof.server", "alembic_assay.plugins", *PLUGINS} < set(modules())


@pytest.mark.usefixtures("distribution")
def test_import_alembic_loads_the_plugins_without_a_warning() -> None:
    code = "import alembic, sys; print(*sorted(name for name in sys.modules if '.plugins.' in name))"
    command = [sys.executable, "-W", "error", "-c", code]
    found = subprocess.run(command, check=False, capture_output=True, text=True, cwd=os.sep)
    assert (found.returncode, found.stderr) == (0, "")
    assert set(PLUGINS) <= set(found.stdout.split())


def test_the_installed_entry_points_are_those_of_pyproject(distribution: importlib.metadata.Distribution) -> None:
    expected = {(group, name, value) for group, points in ENTRY_POINTS.items() for name, value in points.items()} | {
        ("console_scripts", name, value) for name, value in PYPROJECT["project"]["scripts"].items()
    }
    assert {(point.group, point.name, point.value) for point in distribution.entry_points} == expected


def test_every_plugin_module_has_an_entry_point() -> None:
    found = {f"alembic_assay.plugins.{path.stem}" for path in (PACKAGE / "plugins").glob("[!_]*.py")}
    assert found == set(PLUGINS)
    assert all(name.startswith("assay.") for name in ENTRY_POINTS["alembic.plugins"])


@pytest.mark.parametrize("module", PLUGINS)
def test_a_plugin_has_a_setup_and_imports_nothing_of_ours_nor_alembic(module: str) -> None:
    setup = importlib.import_module(module).setup
    assert list(inspect.signature(setup).parameters) == ["plugin"]
    assert static_imports(module) <= {"__future__", "collections.abc", "importlib", "typing"}


@pytest.mark.parametrize("value", [*ENTRY_POINTS["pytest11"].values(), *PYPROJECT["project"]["scripts"].values()])
def test_other_entry_points_lead_somewhere(value: str) -> None:
    point = importlib.metadata.EntryPoint("", value, "")
    loaded = point.load()
    assert callable(loaded) or inspect.ismodule(loaded)


def test_the_wheel_holds_the_package_and_its_licence(tmp_path: Path) -> None:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    info = f"alembic_assay-{alembic_assay.__version__}.dist-info"
    source = PACKAGE if PACKAGE.is_relative_to(ROOT) else ROOT / "src" / "alembic_assay"
    files = {
        path.relative_to(source.parent).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "alembic_assay/py.typed" in files
    assert {name for name in held if not name.startswith(info)} == files
    assert f"{info}/licenses/LICENSE" in held
