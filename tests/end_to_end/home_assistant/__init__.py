"""A real Home Assistant for the tests, headless, on a free port of 127.0.0.1.

`environment.py` builds an interpreter with Home Assistant in it (`interpreters.py` finds or unpacks the Python
that the version needs), once for a machine. `configuration.py` writes a home's configuration folder, `peer.py`
runs it, and `seed.py` writes meters' past into its database while it is down.
"""
