"""Connections: URLs, poolers, faults worth a retry, engines, and one migration at a time."""
