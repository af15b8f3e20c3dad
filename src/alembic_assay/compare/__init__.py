"""What differs, inside Alembic: one thin comparator a plugin."""
