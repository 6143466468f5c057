"""The fast exact engine: the planning problem solved backwards in time, by piecewise-linear functions of stored energy.

slot_cost    what a move of the stored energy costs in a slot: a few steps of charging and of discharging
piecewise    functions of the stored energy, convex or not, and the exact operations on them
recursion    the battery's value function: convex where it may be, general where "never both" makes kinks
"""
