"""One page of pictures from the curated tables: what is earned, who leaves, what runs out, what is slow."""
