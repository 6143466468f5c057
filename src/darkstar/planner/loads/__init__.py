"""Loads that are switched: what they need, and plans of them with the battery."""
