"""What runs: one folder is one deployed function, in the order a post travels."""
