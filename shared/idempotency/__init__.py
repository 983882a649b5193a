"""Have we answered this already? Keys, fingerprints and what a replay gets."""
