"""Settings: pyproject.toml or alembic.ini, overridden by ``configure()``, overridden by ``-x``."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

from alembic_assay.errors import OptionsError

if TYPE_CHECKING:
    from alembic.config import Config

TOML_SECTION = "tool.alembic-assay"
INI_SECTION = "assay"
X_PREFIX = "assay."

_UNITS = {"": 1, "ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"\s*(\d+)\s*(ms|s|min|h|d|)\s*")
_BOOLEANS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of one run.

    Args:
        lint: ``"new"`` lints what ``revision --autogenerate`` writes, ``"off"`` does not.
        prove: ``"new"`` proves what ``revision --autogenerate`` writes, ``"off"`` does not.
        fix: Names of rules whose fixes are applied to new revisions; ``["all"]`` for every rule.
        ignore: Names of rules that are not run.
        ignore_tables: Patterns of tables and sequences that belong to other tools: ``celery_*``, ``audit.*``. They are
            never proposed for drop.
        drop_unused: Propose to drop enum types that neither the models nor any column uses.
        enum_rebuild: What autogenerate does where an enumerated type must be built anew: ``"rewrite"`` writes
            ``op.replace_enum``, which rewrites tables under ACCESS EXCLUSIVE; ``"online"`` writes the steps that do it
            while the application runs; ``"refuse"`` stops.
        entities: How autogenerate writes what is registered with alembic-utils: ``"sql"`` writes plain ``op.execute``;
            ``"alembic-utils"`` writes ``op.create_entity`` and the like, which lose comments and privileges.
        cache: Keep what autogenerate found out in ``.assay_cache``, beside ``alembic.ini``, so that the next run need
            not ask the server again about tables that are the same. Never in CI, where ``CI`` is set.
        lock_timeout: How long DDL waits for a lock, in PostgreSQL's units: ``"2s"``, ``"500ms"``; ``"0"`` is
            for ever. It is set in every transaction, and never around ``CREATE INDEX CONCURRENTLY``.
        statement_timeout: How long a statement of a migration may take; ``"0"`` is as long as it takes. A role's own is
            for the application, and does not hold in a migration's transactions.
        lock_wait: How long to wait for another process that migrates the same database.
        trace: Record each revision that is run, and each statement, as an OpenTelemetry span. It needs the extra
            ``otel``, and a tracer provider, as ``opentelemetry-instrument alembic upgrade head`` sets one.
        recycle_pooler: After a migration, end the idle server connections of the same role, so that no client of a
            pooler that shares prepared statements gets "cached plan must not change result type".
        allow_pooled: Run an ``autocommit_block()`` over a pooler whose direct host is not known: nothing in it may
            set anything for its session.
    """

    lint: Literal["new", "off"] = "new"
    prove: Literal["new", "off"] = "new"
    fix: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ignore_tables: tuple[str, ...] = ()
    drop_unused: bool = False
    enum_rebuild: Literal["rewrite", "online", "refuse"] = "rewrite"
    entities: Literal["sql", "alembic-utils"] = "sql"
    cache: bool = True
    lock_timeout: str = "2s"
    statement_timeout: str = "0"
    lock_wait: str = "10min"
    trace: bool = False
    recycle_pooler: bool = False
    allow_pooled: bool = False

    @property
    def lock_wait_seconds(self) -> float:
        """``lock_wait`` in seconds."""
        return _milliseconds(self.lock_wait) / 1000

    def override(self, values: Mapping[str, object], where: str) -> Options:
        """Return these settings with others on top.

        Args:
            values: Option name to value; strings are read as in a file.
            where: Where they were written, for the error message.

        Raises:
            OptionsError: An unknown option, naming the nearest known one, or a value that it does not take.
        """
        hints = get_type_hints(Options)
        known = [option.name for option in fields(Options)]
        parsed: dict[str, Any] = {}
        for key, value in values.items():
            name = key.replace("-", "_")
            if name not in known:
                raise OptionsError(f"unknown option {key!r} in {where}.", hint=_suggest(name, known))
            parsed[name] = _parse(name, value, hints[name], where)
        return replace(self, **parsed)


def load(config: Config, overrides: Mapping[str, object] | None = None, x: Sequence[str] = ()) -> Options:
    """Read the settings of a project.

    Args:
        config: Alembic's configuration; tells where pyproject.toml and alembic.ini are.
        overrides: What ``env.py`` passes to ``run()`` or ``configure_options()``.
        x: The ``-x`` arguments; those that begin with ``assay.`` are ours: ``-x assay.prove=off``.

    Raises:
        OptionsError: An option or a value that does not exist, with the file that holds it.
    """
    options = Options()
    for path in _pyproject(config):
        options = options.override(_toml_section(path), f"[{TOML_SECTION}] of {path.name}")
    options = options.override(_ini_section(config), f"[{INI_SECTION}] of {Path(config.config_file_name or '').name}")
    options = options.override(overrides or {}, "env.py")
    pairs = (argument.partition("=") for argument in x if argument.startswith(X_PREFIX))
    return options.override({key.removeprefix(X_PREFIX): value for key, _, value in pairs}, "-x")


def _pyproject(config: Config) -> list[Path]:
    if config.toml_file_name and Path(config.toml_file_name).name == "pyproject.toml":
        candidates = [Path(config.toml_file_name)]
    else:
        candidates = [Path("pyproject.toml")]
    if config.config_file_name:
        candidates.append(Path(config.config_file_name).absolute().parent / "pyproject.toml")
    return [path for path in candidates if path.is_file()][:1]


def _toml_section(path: Path) -> dict[str, object]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise OptionsError(f"{path} is not valid TOML: {error}.") from None
    section: dict[str, object] = document.get("tool", {}).get("alembic-assay", {})
    return section


def _ini_section(config: Config) -> dict[str, object]:
    parser = config.file_config
    if not parser.has_section(INI_SECTION):
        return {}
    inherited = parser.defaults()
    return {key: parser.get(INI_SECTION, key) for key in parser.options(INI_SECTION) if key not in inherited}


def _suggest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known options: {', '.join(sorted(known))}."


def _parse(name: str, value: object, kind: Any, where: str) -> object:
    if kind == tuple[str, ...]:
        return _parse_names(name, value, where)
    if kind is bool:
        parsed = _BOOLEANS.get(str(value).strip().lower())
        if parsed is None:
            raise _unexpected(name, "true or false", value, where)
        return parsed
    if choices := get_args(kind):
        if value not in choices:
            raise _unexpected(name, " or ".join(repr(choice) for choice in choices), value, where)
        return value
    _milliseconds(value, name, where)
    return str(value).strip()


def _parse_names(name: str, value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(re.split(r"[\s,]+", value.strip())) if value.strip() else ()
    if isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise _unexpected(name, "a list of rule names", value, where)


def _milliseconds(value: object, name: str = "", where: str = "") -> int:
    match = _DURATION.fullmatch(str(value))
    if match is None or isinstance(value, bool):
        raise _unexpected(name, "a duration such as '500ms', '2s' or '10min'", value, where)
    return int(match[1]) * _UNITS[match[2]]


def _unexpected(name: str, expected: str, value: object, where: str) -> OptionsError:
    return OptionsError(f"option {name!r} in {where}: expected {expected}, got {value!r}.")
