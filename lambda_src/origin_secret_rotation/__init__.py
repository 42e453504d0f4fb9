"""Rotation: what CloudFront proves itself with to the load balancer changes every month."""
