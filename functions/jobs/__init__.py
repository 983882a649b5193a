"""Side branch: waits for other people's engines: models, platforms' open interfaces, a chain's nodes."""
