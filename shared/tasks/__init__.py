"""At-least-once delivery: queues as data, tasks, and the sweeper's outboxes behind them."""
