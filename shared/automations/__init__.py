"""What a user wants done with every post of theirs that was published: the same again elsewhere, or other words."""
