"""Rules on indexes: ASY1xx."""
