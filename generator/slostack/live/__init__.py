"""A running stack: its processes, the HTTP interfaces of its servers, and incidents driven through it."""
