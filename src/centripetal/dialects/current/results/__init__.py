"""Results of the API methods, with the server's names."""
