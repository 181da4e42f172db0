"""Documents and what is marked in them, from the files of other tools and into them."""
