"""A home that does not exist: a year of load, sun, prices and battery, seen through meters as real ones are.

weather.py, sun.py, load.py, prices.py, battery.py   what really flowed, on a grid of five minutes
meters.py, quirks.py                                 what the meters showed of it, and what befell them
accounting.py                                        what Home Assistant made of that
home.py, source.py                                   all of it together, served as Home Assistant would
settings.py, run.py                                  the folder of the demo, and the demo itself
"""
