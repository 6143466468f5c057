"""The time machine: replays a home's past under other ways to run its battery, on honest information."""
