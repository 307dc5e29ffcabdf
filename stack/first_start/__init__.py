"""Makes the secrets that the stack needs before anything starts."""
