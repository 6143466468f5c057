"""How the world is read: one file per source, each behind a small protocol."""
