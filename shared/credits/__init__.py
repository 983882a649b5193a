"""What AI costs: a balance per user and a ledger of every change of it."""
