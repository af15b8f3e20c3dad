"""What the entry points of the group ``alembic.plugins`` name.

Alembic loads these modules on every ``import alembic``, while it is half imported itself. So they import nothing
at the top, and comparators are resolved at their first call.
"""
