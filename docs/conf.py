"""Configuration of Sphinx: ``make check-docs`` builds with warnings as errors, and without a network."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import alembic_assay

project = "alembic-assay"
author = "The alembic-assay authors"
copyright = author  # noqa: A001 - Sphinx's name for it
version = release = alembic_assay.__version__

extensions = ["myst_parser", "assay_reference"]
exclude_patterns = ["_build", "_examples", "_ext", "_generated"]
nitpicky = True
language = "en"

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
suppress_warnings = ["config.cache"]

html_theme = "furo"
html_title = f"alembic-assay {release}"
html_copy_source = False
