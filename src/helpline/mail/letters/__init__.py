"""Letters as the ticket's thread shows them."""
