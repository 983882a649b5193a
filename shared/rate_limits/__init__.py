"""How many requests a minute: windows aligned to the minute, one document per user for all of them, strangers in memory."""
