"""The methods of the server API and what they answer: declarations."""
