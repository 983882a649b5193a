"""Firestore as the rest of Soku sees it: documents by path, atomic commits with preconditions, a few queries."""
