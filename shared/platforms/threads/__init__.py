"""Threads (graph.threads.net): text, images, videos and carousels, made as containers that can be published once only."""
