"""Rules on foreign keys: ASY2xx."""
