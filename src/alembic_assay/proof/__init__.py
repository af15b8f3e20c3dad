"""Is it reversible: a revision is run up, down and up again, and the catalogs are compared."""
