"""The way into every route: each step may refuse, and nothing of a later step has happened then."""
