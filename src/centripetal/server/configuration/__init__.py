"""Reading a configuration as the real servers read it."""
