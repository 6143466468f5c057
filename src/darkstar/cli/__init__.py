"""The commands: one file per group, no logic of their own."""
