"""The only folder that imports google.* or firebase_admin. Clients are built on first use, never at import: the web server
imports in its master and then forks, and a gRPC channel made before the fork hangs (grpc/grpc#41768)."""
