"""Instagram (graph.instagram.com): images, carousels and reels, made as containers that can be published once only."""
