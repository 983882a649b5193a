"""Side branch: has sounds and films transcribed."""
