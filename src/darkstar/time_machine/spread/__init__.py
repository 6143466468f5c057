"""Replays that are spread over workers, killed and gone on with."""
