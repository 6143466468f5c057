"""What others solve the same problems with, in an environment of their own.

environment.py   makes it under .cache/
plain.py         the problem as one would write it down: columns and rows
with_scipy.py    solved by HiGHS through scipy; with_pulp.py: by CBC through PuLP
with_emhass.py   EMHASS's own optimisation class
"""
