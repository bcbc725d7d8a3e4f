"""The command line: a verb per API command, derived from the table of commands, and a file per verb that is none."""
