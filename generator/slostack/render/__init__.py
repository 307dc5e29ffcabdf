"""plan → files: one module per kind of file, each a pure function of the plan."""
