"""Kepler: the battery's optimisation problem, its engines and the rules it is measured against. Pure."""
