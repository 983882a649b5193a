"""Every target by name. Deployed functions start from their own folder's main.py; tools that want all of them import this."""

from importlib import import_module

from functions.targets import TARGETS

globals().update({target.name: getattr(import_module(f"functions.{target.name}.main"), target.name) for target in TARGETS})
