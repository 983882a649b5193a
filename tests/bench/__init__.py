"""What a post costs (counted) and how long it takes (measured): `make bench`."""
