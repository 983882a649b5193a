"""The same functions with a trap at every call that leaves the process: for tests that kill them (`up --kill-plans DIR`).

Product code carries no markers: these sources hand it ports that count calls and look for a plan.
"""
