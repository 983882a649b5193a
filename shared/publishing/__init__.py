"""One run to one platform: lease, prepare, intent, the public call, outcome; reconcile where an answer was lost."""
