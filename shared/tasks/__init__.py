"""How work is handed on: queues as data, creating a task, receiving one."""
