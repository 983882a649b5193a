"""Time, names, errors, settings and log lines: standard library and pydantic only."""
