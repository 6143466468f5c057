"""The full engine: a whole site as one mixed-integer programme on HiGHS.

site.py        what a site problem is: batteries, strings, cars, tanks, boosts, loads, the connection, its tariffs
site_checks.py what it must be before the engine sees it
programme.py   the arrays that all pieces write their columns and rows into
connection.py, tariff.py, battery.py, car.py, tank.py, boost.py, loads.py, draw.py, switch.py   one piece each
build.py       the pieces put together
solver.py      HiGHS behind three calls
money.py       the cheapest on and off: choices.py parts what relaxations mix; rounding, loads_guess, directions (of
               batteries where burning energy pays) and dive find plans; prepare.py loads what they have compiled
ties.py, steady.py, idle.py    the calmest of the same money; the plan before; the plan where there is no time
engine.py      money, then tie-breaks, then the plan before it; always a plan, always with its proven gap
plan.py        the answer, and what had to give
accounting.py  what a plan costs, by the same functions as the bill
"""
