"""What the documentation shows is run, and what it links to exists.

A page is a script. From top to bottom, in one new project with an empty database:

- a fenced block with a ``title="models.py"`` is written to that file;
- a ``console`` block is run by a shell, and must print what follows its ``$`` lines. ``...`` stands for anything;
  revision identifiers, times, URLs of databases and versions are not compared. A command must succeed, unless
  ``$ echo $?`` is next;
- a ``python`` block with ``>>>`` is a doctest; any other one must compile;
- a block in an HTML comment is run too, without being shown;
- ``<!-- first: docs/_examples/tasks.md -->`` runs that page first;
- a block after ``<!-- not run: reason -->`` is left alone.
"""

from __future__ import annotations

import ast
import configparser
import doctest
import importlib
import importlib.util
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

import alembic_assay
from alembic_assay import errors
from alembic_assay.catalog.snapshot import KIND_ORDER
from alembic_assay.errors import OptionsError
from alembic_assay.options import Options
from alembic_assay.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project import Project

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(
            path
            for path in DOCS.rglob("*.md")
            if not {"_build", "_examples", "_generated", "rules"} & {*path.parent.parts}
        ),
    ]
)
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

FENCE = re.compile(
    r"^(?P<skip><!-- not run: [^\n]+ -->\n+)?```(?P<language>\w+)(?P<info>[^\n]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
FIRST = re.compile(r"^<!-- first: (\S+) -->$", re.MULTILINE)
TITLE = re.compile(r'title="([^"]+)"')
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
INCLUDE = re.compile(r"^```\{include\} (\S+)\n```$", re.MULTILINE)
HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)
CODE = re.compile(r"^(`{3,}).*?^\1$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
MACHINE = {"alembic_assay.proof.binaries", "alembic_assay.proof.server"}
"""What their examples give depends on what is installed."""
VARIABLE = (
    (re.compile(r"(?<![0-9a-z])[0-9a-f]{12}(?![0-9a-z])"), "<revision>"),
    (re.compile(r"\b\d+\.\d+( ?)s\b"), r"<time>\1s"),
    (re.compile(r"\b\d+ ms\b"), "<time> ms"),
    (re.compile(r'(?<="seconds": )[\d.]+'), "<time>"),
    (re.compile(r"postgresql\+psycopg://\S+"), "<url>"),
    (re.compile(r"(?<=pid )\d+|(?<=terminate_backend\()\d+"), "<pid>"),
    (re.compile(r"(?<=user ')[^']+|(?<=database ')[^']+|(?<=^role      )\S+", re.MULTILINE), "<name>"),
    (re.compile(r"(?<!\S)/\S+/"), "/"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+|\+00:00)"), "<date>"),
    (re.compile(r"(?<=PostgreSQL )\d+(\.\d+)?( \([^)]*\))?"), "<version>"),
    (re.compile(r"(?<=[a-zA-Z] )\d+\.\d+\.\d+(?=,|$)", re.MULTILINE), "<version>"),
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    title: str | None
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks that are run."""
    source = page.read_text("utf-8")
    for first in FIRST.findall(source):
        yield from blocks(ROOT / first)
    for found in FENCE.finditer(source):
        title = TITLE.search(found["info"])
        if found["skip"] is None:
            line = source.count("\n", 0, found.start()) + 1
            yield Block(name(page), line, found["language"], title and title[1], found["text"])


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block, and what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        while command.endswith("\\"):
            more, _, output = output.partition("\n")
            command = command[:-1] + more.removeprefix("> ")
        yield command, output


def normalised(text: str) -> str:
    """Replace what is never the same twice."""
    text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    for pattern, replacement in VARIABLE:
        text = pattern.sub(replacement, text)
    return text


class Terminal:
    """Runs commands in a project and remembers the exit code, as a shell does."""

    def __init__(self, project: Project) -> None:
        self.project = project
        scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = project._environment({"PATH": scripts, "PYTHONUNBUFFERED": "1", "COLUMNS": "110"})
        self.code = 0

    def run(self, command: str) -> str:
        if command == "echo $?":
            code, self.code = self.code, 0
            return f"{code}\n"
        assert self.code == 0, f"exit code {self.code} before: {command}"
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.project.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        self.code = done.returncode
        return done.stdout


def check_console(block: Block, terminal: Terminal) -> None:
    for command, expected in commands(block.text):
        printed = terminal.run(command)
        same = doctest.OutputChecker().check_output(normalised(expected), normalised(printed), doctest.ELLIPSIS)
        assert same, f"{block.page}, line {block.line}: $ {command}\nprints\n{printed}\nnot\n{expected}"


def check_python(block: Block) -> None:
    where = f"{block.page}, line {block.line}"
    if ">>> " not in block.text:
        ast.parse(dedent(block.text), where)
        return
    test = doctest.DocTestParser().get_doctest(block.text, {}, where, block.page, block.line)
    run_doctest(test)


def check_settings(block: Block) -> None:
    """Settings in an example exist and take what is written there."""
    if block.language == "toml":
        Options().override(tomllib.loads(block.text)["tool"]["alembic-assay"], block.page)
    elif block.language == "ini":
        parser = configparser.ConfigParser()
        parser.read_string(block.text)
        Options().override(parser["assay"], block.page)


def run_doctest(test: doctest.DocTest) -> None:
    report: list[str] = []
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert results.failed == 0, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_a_page_shows_is_so(page: Path, request: pytest.FixtureRequest) -> None:
    found = list(blocks(page))
    terminal = None
    for block in found:
        if block.language == "python":
            check_python(block)
        check_settings(block)
        if block.title or block.language == "console":
            terminal = terminal or Terminal(request.getfixturevalue("project"))
        if block.title and terminal:
            terminal.project.write(block.title, block.text)
        elif block.language == "console" and terminal:
            check_console(block, terminal)
    assert terminal is None or terminal.code == 0, f"{name(page)}: the last command failed"


def test_a_wrong_example_fails(project: Project) -> None:
    terminal = Terminal(project)
    right = Block("page.md", 7, "console", None, "$ echo 0.11 s; false\n0.12 s\n$ echo $?\n1\n")
    check_console(right, terminal)
    with pytest.raises(AssertionError, match=r"^page\.md, line 7: \$ echo a\s+prints\s+a\s+not\s+b\n"):
        check_console(Block("page.md", 7, "console", None, "$ echo a\nb\n"), terminal)
    with pytest.raises(AssertionError, match=r"^exit code 1 before: echo b"):
        check_console(Block("page.md", 7, "console", None, "$ false\n$ echo b\nb\n"), terminal)
    with pytest.raises(SyntaxError):
        check_python(Block("page.md", 7, "python", None, "def :\n"))
    with pytest.raises(AssertionError, match=r"Expected:\s+3\s+Got:\s+2"):
        check_python(Block("page.md", 7, "python", None, ">>> 1 + 1\n3\n"))
    with pytest.raises(OptionsError, match=r"unknown option 'fxi' in page\.md"):
        check_settings(Block("page.md", 7, "toml", None, "[tool.alembic-assay]\nfxi = ['all']\n"))


def source_modules() -> list[str]:
    packages = pkgutil.walk_packages(alembic_assay.__path__, f"{alembic_assay.__name__}.")
    names = [alembic_assay.__name__, *(found.name for found in packages if not found.name.endswith("__main__"))]
    return [name for name in names if ">>> " in _source(name) and name not in MACHINE]


def _source(module: str) -> str:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text("utf-8")


@pytest.mark.parametrize("module", source_modules())
def test_examples_of_docstrings_are_so(module: str) -> None:
    tests = doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(module), module)
    examples = [test for test in tests if test.examples]
    assert examples
    for test in examples:
        run_doctest(test)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The repository's pages with the generated ones."""
    copy = tmp_path_factory.mktemp("site")
    for page in PAGES:
        (copy / name(page)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, copy / name(page))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS / "_ext")
        importlib.import_module("assay_reference").generate(copy / "docs", ROOT)
    yield copy
    for module in [module for module in sys.modules if module.startswith("assay_reference")]:
        del sys.modules[module]


def text_of(page: Path) -> str:
    """Return a page with what it includes."""
    docs = next((parent for parent in page.parents if parent.name == "docs"), page.parent)
    return INCLUDE.sub(lambda found: (docs / found[1].lstrip("/")).read_text("utf-8"), page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MyST make them."""
    headings = HEADING.findall(re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere(site: Path) -> None:
    broken = []
    for page in site.rglob("*.md"):
        if "_generated" in page.parts:  # read where it is included
            continue
        for target in LINK.findall(CODE.sub("", text_of(page))):
            path, _, anchor = target.partition("#")
            if re.match(r"\w+:", target):
                continue
            base = site / "docs" if path.startswith("/") else page.parent
            linked = (base / path.lstrip("/")).resolve() if path else page
            inside = linked if linked.exists() else ROOT / linked.relative_to(site)
            if not inside.exists() or (anchor and anchor not in anchors(inside)):
                broken.append(f"{page.relative_to(site)}: {target}")
    assert broken == []


def test_reference_is_complete(site: Path) -> None:
    headings = {name: anchors(site / "docs" / "reference" / f"{name}.md") for name in ("options", "errors", "env")}
    codes = {cls.code for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.AssayError)}
    assert headings["options"] == {*Options.__dataclass_fields__, "settings"}
    assert headings["errors"] == {*codes, "errors"}
    assert headings["env"] == {"run", "configure_options", "functions-for-envpy"}
    for rule in all_rules():
        page = (site / "docs" / "reference" / "rules" / f"{rule.name}.md").read_text("utf-8")
        assert page.startswith(f"# {rule.name} ({rule.code})\n")
        assert "## Effect\n" in page


def test_directives_are_documented_with_their_arguments(site: Path) -> None:
    page = text_of(site / "docs" / "reference" / "directives.md")
    found = re.findall(r"^## op\.(\w+)\n\n```python\nop\.(\w+)\((\w+)", page, re.MULTILINE)
    directives = [
        *("add_enum_value", "copy_enum_values", "create_enum", "drop_enum", "finish_enum_switch"),
        *("rename_enum", "rename_enum_value", "replace_enum", "start_enum_switch"),
    ]
    assert sorted(found) == [(directive, directive, "name") for directive in directives]
    assert "proxied" not in page


def test_commands_are_documented_by_their_own_help(site: Path) -> None:
    page = text_of(site / "docs" / "reference" / "commands.md")
    own = sorted(path.stem for path in (ROOT / "src/alembic_assay/cli").glob("*.py") if not path.stem.startswith("_"))
    assert re.findall(r"^## assay (\w+)\n\n```text\nusage: assay (\w+) ", page, re.MULTILINE) == [
        (each, each) for each in own
    ]


def test_architecture_shows_the_layers_that_are_checked() -> None:
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    page = (DOCS / "architecture.md").read_text("utf-8")
    shown = re.search(r"^## Layers\n.*?^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert shown[1].splitlines() == [layer.replace("alembic_assay.", "") for layer in layers]


def test_architecture_shows_the_whole_tree() -> None:
    page = (DOCS / "architecture.md").read_text("utf-8")
    shown = set(re.findall(r"^\| `(\w+)(?:/|\.py)` \|", page, re.MULTILINE)) - {"example_project", "tests"}
    source = {path.stem for path in (ROOT / "src/alembic_assay").iterdir() if path.suffix in {"", ".py"}}
    assert shown == {name for name in source if not name.startswith("__")}


def test_explanation_names_every_kind_that_is_read() -> None:
    page = " ".join((DOCS / "explanation" / "catalog.md").read_text("utf-8").split())
    assert f"The kinds: {', '.join(KIND_ORDER)}." in page


def test_first_screen_of_the_readme() -> None:
    screen = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:60])
    for expected in ("make demo", "make test", "run(context, Base.metadata)", "$ alembic revision", "Reversible: "):
        assert expected in screen


def test_changelog_fragments_are_found(tmp_path: Path) -> None:
    types = {each["directory"] for each in PYPROJECT["tool"]["towncrier"]["type"]}
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    for fragment in fragments:
        assert re.fullmatch(rf"(\d+|\+[\w-]+)(\.\d+)?\.({'|'.join(types)})\.md", fragment.name), fragment.name
    if importlib.util.find_spec("towncrier") is None:
        pytest.skip("towncrier is not installed")
    assert (ROOT / "CHANGELOG.md").read_text("utf-8").count(PYPROJECT["tool"]["towncrier"]["start_string"]) == 1
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9", "--dir", str(ROOT)]
    draft = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True).stdout
    missing = [
        path.name for path in fragments if "".join(path.read_text("utf-8").split()) not in "".join(draft.split())
    ]
    assert missing == []


def test_site_builds_without_a_warning(tmp_path: Path) -> None:
    for package in ("sphinx", "furo", "myst_parser"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", str(tmp_path / "doctrees")]
    done = subprocess.run(
        [*command, "-b", "html", str(DOCS), str(tmp_path / "html")],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "html" / "reference" / "rules" / "fk-without-index.html").is_file()
