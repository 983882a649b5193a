"""Platforms to publish to without any social account: each keeps its real contract, remembers what it accepted, fails on request.

Adding one: a file with a class like X or Instagram, and its name in `platforms.py`.
"""
