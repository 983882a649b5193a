"""Cloud Tasks, as far as google-cloud-tasks' REST transport can tell: an HTTP surface (server), dispatching (queue), and one
task's moves (task). Tasks live in memory: after a restart the sweeper finds what was lost, as it does in production."""
