"""Side branch: draws the images of templates."""
