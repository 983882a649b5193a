"""Side branch: every minute, whatever is accepted but not moving is moved."""
