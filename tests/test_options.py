"""Settings: where they come from, and what is said of wrong ones."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st

from alembic_assay.errors import OptionsError
from alembic_assay.options import Options, load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_any_file_the_defaults_hold(directory: Path) -> None:
    assert load(Config(directory / "alembic.ini")) == Options()


def test_each_place_overrides_the_one_before(directory: Path) -> None:
    (directory / "pyproject.toml").write_text('[tool.alembic-assay]\nlint = "off"\nlock-wait = "1min"\nfix = ["all"]\n')
    (directory / "alembic.ini").write_text("[assay]\nlock_wait = 2min\nprove = off\n")
    config = Config(directory / "alembic.ini")
    assert load(config) == Options(lint="off", prove="off", fix=("all",), lock_wait="2min")
    assert load(config, {"prove": "new"}, ["assay.lock_wait=5s", "url=postgresql://h/d"]) == Options(
        lint="off", prove="new", fix=("all",), lock_wait="5s"
    )


def test_defaults_of_the_ini_file_are_not_ours(directory: Path) -> None:
    (directory / "alembic.ini").write_text(
        "[DEFAULT]\nhost = db\n[assay]\nfix = fk-without-index, index-not-concurrent\n"
    )
    assert load(Config(directory / "alembic.ini")).fix == ("fk-without-index", "index-not-concurrent")


def test_pyproject_is_found_beside_an_ini_file_elsewhere(directory: Path) -> None:
    project = directory / "my project"
    project.mkdir()
    (project / "pyproject.toml").write_text("[tool.alembic-assay]\ndrop_unused = true\n")
    (project / "alembic.ini").write_text("[alembic]\n")
    assert load(Config(project / "alembic.ini")).drop_unused is True


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (
            'prov = "off"',
            "unknown option 'prov' in [tool.alembic-assay] of pyproject.toml. Did you mean 'prove'?",
        ),
        (
            "zzz = 1",
            (
                "unknown option 'zzz' in [tool.alembic-assay] of pyproject.toml. Known options: allow_pooled, drop_unused,"
                " entities, enum_rebuild, fix, ignore, ignore_tables, lint, lock_timeout, lock_wait, prove,"
                " recycle_pooler, statement_timeout, trace."
            ),
        ),
        (
            'prove = "always"',
            "option 'prove' in [tool.alembic-assay] of pyproject.toml: expected 'new' or 'off', got 'always'.",
        ),
        (
            "fix = 3",
            "option 'fix' in [tool.alembic-assay] of pyproject.toml: expected a list of rule names, got 3.",
        ),
        (
            'drop_unused = "maybe"',
            "option 'drop_unused' in [tool.alembic-assay] of pyproject.toml: expected true or false, got 'maybe'.",
        ),
        (
            'lock_timeout = "2 weeks"',
            (
                "option 'lock_timeout' in [tool.alembic-assay] of pyproject.toml: expected a duration such as '500ms',"
                " '2s' or '10min', got '2 weeks'."
            ),
        ),
        (
            "lock_timeout = true",
            (
                "option 'lock_timeout' in [tool.alembic-assay] of pyproject.toml: expected a duration such as '500ms',"
                " '2s' or '10min', got True."
            ),
        ),
    ],
)
def test_a_wrong_setting_is_one_clear_line(directory: Path, toml: str, message: str) -> None:
    (directory / "pyproject.toml").write_text(f"[tool.alembic-assay]\n{toml}\n")
    with pytest.raises(OptionsError) as caught:
        load(Config(directory / "alembic.ini"))
    assert str(caught.value) == message


def test_broken_toml_names_the_file(directory: Path) -> None:
    (directory / "pyproject.toml").write_text("[tool.alembic-assay\n")
    with pytest.raises(OptionsError) as caught:
        load(Config(directory / "alembic.ini"))
    assert str(caught.value).startswith("pyproject.toml is not valid TOML: ")


def test_the_place_of_a_wrong_setting_is_named() -> None:
    with pytest.raises(OptionsError) as caught:
        load(Config(), {"lnt": "off"})
    assert str(caught.value) == "unknown option 'lnt' in env.py. Did you mean 'lint'?"
    with pytest.raises(OptionsError) as caught:
        load(Config(), None, ["assay.fixx=all"])
    assert str(caught.value) == "unknown option 'fixx' in -x. Did you mean 'fix'?"


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("250ms", 0.25), ("2s", 2.0), ("10 min", 600.0), ("1h", 3600.0), ("1500", 1.5), ("0", 0.0)],
)
def test_durations_are_postgresqls(duration: str, seconds: float) -> None:
    assert Options(lock_wait=duration).lock_wait_seconds == seconds


@given(st.text(), st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.lists(st.text())))
def test_no_setting_whatever_escapes_as_another_error(name: str, value: object) -> None:
    with contextlib.suppress(OptionsError):
        assert isinstance(Options().override({name: value}, "a test"), Options)
