"""Side branch: copies what a post names by address into our storage; the only function that touches a stranger's bytes."""
