"""Who is calling: keys are shown once and stored as a hash."""
