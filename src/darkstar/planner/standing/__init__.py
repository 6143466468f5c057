"""The plan made before, and whether it is still followed when another one is made.

plan.py     what is left of it: modes, what devices draw, what was expected
follow.py   a home's plan with these modes carried out and these devices held to their slots: what it comes to now
verdict.py  kept or changed: by a gain above a threshold, or because it may not be kept
news.py     what has changed since it was made
"""
