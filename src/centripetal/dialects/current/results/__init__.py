"""Results of the methods of the server API, with the server's field names."""
