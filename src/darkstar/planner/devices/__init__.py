"""A home's devices in a plan: what each wants, what is assumed where its present is not known.

wish.py        the types: a device in one plan, and what is known of it
periods.py     times of day on the plan's slots
heater.py, tank.py, heat_pump.py, car.py, appliance.py    one kind each
wishes.py      all of a home
run.py         what a device does in a plan, and what it lacks
reasons.py, sentences.py    why, in figures and in words
at_once.py, one_by_one.py   devices that nobody plans; devices planned without the time for all at once
"""
