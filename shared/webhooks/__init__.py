"""Tells users' own servers what happened: each event once or more, signed, again for two days where it was not taken."""
