"""How Soku calls other hosts: one request, one answer, and a guard in front of addresses that strangers choose."""
