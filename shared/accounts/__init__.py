"""Who our users are and which accounts on the platforms they connected."""
