"""2. One submission becomes one run and one task per target."""
