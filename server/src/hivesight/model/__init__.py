"""The nouns that every room shares: values without behaviour that reaches outside. Imports no other room."""
