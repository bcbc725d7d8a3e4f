"""What each generation of servers says: one package a dialect, the same file names in each. Pure."""
