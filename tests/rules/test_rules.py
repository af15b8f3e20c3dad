"""The registry of rules, and what every rule must have."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from alembic_assay import rules
from alembic_assay.errors import OptionsError
from alembic_assay.rules import all_rules, find_rule, nearest, select_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SOURCE = '''
from alembic.operations.ops import DropTableOp
from alembic_assay.findings import Severity
from alembic_assay.rules.base import Rule

class {name}(Rule):
    """A rule."""
    code = {code!r}
    severity = Severity.INFO
    looks_at = (DropTableOp,)
    message = ""
    def check(self, operation, context):
        yield from ()
'''


@pytest.fixture
def add_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    family = tmp_path / "extra"
    family.mkdir()
    (family / "__init__.py").touch()
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])

    def add(name: str, source: str) -> None:
        (family / f"{name}.py").write_text(source)
        all_rules.cache_clear()

    yield add
    for name in [name for name in sys.modules if name.startswith("alembic_assay.rules.extra")]:
        del sys.modules[name]
    if hasattr(rules, "extra"):
        del rules.extra
    all_rules.cache_clear()


def test_rules_are_found_in_the_order_of_their_codes() -> None:
    codes = [rule.code for rule in all_rules()]
    assert codes == sorted(codes)
    assert {"ASY101", "ASY201"} <= set(codes)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_a_rule_says_what_it_does_and_what_to_do(rule: rules.Rule[Any]) -> None:
    docstring = type(rule).__doc__ or ""
    sections = [docstring.find(f"\n    {title}:\n") for title in ("Effect", "Instead", "When it is safe")]
    assert -1 not in sections
    assert sections == sorted(sections)
    assert rule.name == type(rule).__module__.rpartition(".")[2].replace("_", "-")
    assert rule.family == type(rule).__module__.split(".")[-2]
    assert rule.looks_at
    assert rule.message.endswith(".")


def test_a_new_file_is_a_new_rule(add_module: Callable[[str, str], None]) -> None:
    add_module("drop_everything", SOURCE.format(name="DropEverything", code="ASY999"))
    rule = find_rule("drop-everything")
    assert rule is not None
    assert (rule.code, rule.family) == ("ASY999", "extra")
    assert rule is find_rule("ASY999")
    assert rule in all_rules()


def test_two_rules_of_one_code_are_refused(add_module: Callable[[str, str], None]) -> None:
    add_module("again", SOURCE.format(name="Again", code="ASY101"))
    with pytest.raises(ValueError, match=r"^expected one rule for each code, got several for ASY101$"):
        all_rules()


def test_two_rules_of_one_name_are_refused(add_module: Callable[[str, str], None]) -> None:
    add_module("index_not_concurrent", SOURCE.format(name="Again", code="ASY999"))
    with pytest.raises(ValueError, match=r"^expected one rule for each name, got several for index-not-concurrent$"):
        all_rules()


def test_a_module_without_a_rule_is_refused(add_module: Callable[[str, str], None]) -> None:
    add_module("empty", "")
    with pytest.raises(ValueError, match=r"^expected one Rule in alembic_assay.rules.extra.empty, got 0$"):
        all_rules()


def test_rules_are_selected_by_name_and_code() -> None:
    names = [rule.name for rule in select_rules(["ASY201", "index-not-concurrent", "fk-without-index"], "x")]
    assert names == ["index-not-concurrent", "fk-without-index"]
    assert select_rules(["all"], "x") == all_rules()
    assert select_rules([], "x") == ()


def test_a_rule_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(OptionsError) as caught:
        select_rules(["fk-without-indx"], "option 'fix'")
    assert str(caught.value) == "unknown rule 'fk-without-indx' in option 'fix'. Did you mean 'fk-without-index'?"


def test_a_rule_far_from_any_name_gets_the_list() -> None:
    names = ", ".join(sorted(rule.name for rule in all_rules()))
    assert nearest("zzz") == f"Known rules: {names}."
    assert find_rule("zzz") is None
