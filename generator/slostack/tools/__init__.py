"""promtool, amtool, Prometheus and Alertmanager: found, fetched and run as subprocesses."""
