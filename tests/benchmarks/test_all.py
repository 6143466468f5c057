"""What `python -m benchmarks` lists can be run by it."""

import importlib
import pkgutil

import benchmarks


def test_each_that_is_listed_can_be_run() -> None:
    listed = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name[0] != "_"]
    assert len(listed) > 8
    for name in listed:
        assert callable(getattr(importlib.import_module(f"benchmarks.{name}"), "run", None)), name
