"""``python -m alembic_assay.cli``."""

from alembic_assay.cli import main

main()
