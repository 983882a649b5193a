"""Accounts of our users on the platforms: connected by OAuth, their tokens kept fresh, disconnected."""
