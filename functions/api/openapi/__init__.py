"""The API's own description: made by `make openapi` from what the routes declare, and served as it was made."""
