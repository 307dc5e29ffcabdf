"""A small program that plays a monitored service: believable metrics over HTTP, and named faults on demand."""
