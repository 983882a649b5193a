"""Side branch: renews tokens that lapse if nobody does."""
