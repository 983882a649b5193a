"""1. Answers the customer."""
