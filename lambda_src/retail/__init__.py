"""The shop's domain: plain Python that the functions and the storefront share."""
