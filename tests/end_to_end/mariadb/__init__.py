"""A real MariaDB of Debian's, started for the tests that need one, and what episodes meet there."""
