"""The plant: what a battery, its inverter and the grid really do with modes. The truth that every plan meets.

model        how a real battery and its inverter differ from the planner's linear storage; ideal by default
kernel       one slot, or one minute of it, carried out: compiled
held         a stretch lived through under power tariffs, plan after plan: compiled
carrying     whole stretches of slots, and slot by slot where a policy waits for what comes of the last
minutes      the course of load and sun inside the slot, where somebody measured it
calibration  the model of a home's own battery, from what its meters and its state of charge showed
least_squares  the arithmetic of calibration
limits       its limits by state of charge, where it was pressed against them
stated       the model that its data sheet states, and what becomes of it where something was measured
"""

from pathlib import Path

from darkstar.planner.fast import forget_outdated

forget_outdated(__name__, Path(__file__).parent)
