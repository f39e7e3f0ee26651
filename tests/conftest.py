"""Fixtures of all tests that need a real Engine; and the folder that `support` is imported from."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
pytest_plugins = ["support.fixtures"]
