"""The storefront: HTTP API and web pages over the shop's domain."""
