"""Side branch: tells users' own servers what happened."""
