"""Who our users are: the subscription that opens the API, and a denormalised summary of their accounts."""
