"""The whole of Soku on one laptop: `python -m emulator`. No product code imports it."""
