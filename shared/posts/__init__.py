"""The heart. Verbs in travelling order: create, orchestrate, publish (with claim and reconcile), settle; and sweep beside them."""
