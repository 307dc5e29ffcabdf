"""The notification inbox: takes what Alertmanager sends and shows it as a woken person reads it."""
