"""The PostgreSQL consumer of the embedded server: reads commands from a table and executes them."""
