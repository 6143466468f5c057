"""Energy and prices that a person has as a file: CSV or Parquet.

`tables.py` opens a file and gives its columns with UTC times, `instants.py` reads the times, `columns.py` knows which
column means which channel, `steps.py` how long each row lasts. What is wrong with a file is said with its line.
"""
