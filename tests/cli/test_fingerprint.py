"""``assay fingerprint``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.support import servers

if TYPE_CHECKING:
    from tests.support.project import Project


def test_it_is_the_same_wherever_the_schema_is(project: Project) -> None:
    project.add_revision("op.execute('CREATE TABLE t (id int)')", "op.drop_table('t')")
    project.alembic("upgrade", "head")
    project.assay("snapshot", "-o", "a.json")
    printed = project.assay("fingerprint").stdout
    assert re.fullmatch(r"sha256:[0-9a-f]{64}\n", printed)
    assert printed.strip() == json.loads((project.root / "a.json").read_text("utf-8"))["fingerprint"]
    for side in ("a.json", "rev:head", "database", servers.libpq_url(project.url)):
        assert project.assay("fingerprint", side).stdout == printed
    assert project.assay("fingerprint", "rev:base").stdout != printed


def test_each_object_has_its_own(project: Project) -> None:
    project.sql("CREATE TABLE t (id int PRIMARY KEY)")
    project.sql("CREATE TYPE mood AS ENUM ('sad')")
    before = project.assay("fingerprint", "--objects").stdout.splitlines()
    assert [line.partition("  ")[2] for line in before] == [
        "schema public",
        "extension plpgsql",
        "enum public.mood",
        "table public.t",
    ]
    project.sql("CREATE INDEX i ON t (id DESC)")
    project.sql("COMMENT ON TYPE mood IS 'x'")
    after = project.assay("fingerprint", "--objects", "--no-comments").stdout.splitlines()
    assert [line for line in after if line not in before][-1].endswith("  table public.t")


def test_what_cannot_be_had_is_one_line(project: Project) -> None:
    result = project.assay("fingerprint", "nowhere", expect=1)
    assert result.stderr == (
        "FAILED: expected a database URL, a document's file, 'database' (the one of env.py), 'models' or"
        " 'rev:<revision>', got 'nowhere'. There is no such file.\n"
    )
