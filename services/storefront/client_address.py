"""Where a request comes from, as far as it can be known behind CloudFront and a load balancer."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from fastapi import Request


def client_address(request: Request) -> str:
    """The address of the client; of IPv6 the first half, which one customer has to themselves.

    `CloudFront-Viewer-Address` is written by CloudFront over whatever was sent; it counts where the origin secret came
    along, which the load balancer behind CloudFront has compared, and which the one at the API entry lets nobody send.
    Otherwise the last part of `X-Forwarded-For` counts, which either has added: what stands before it may be invented.
    """
    headers = request.headers
    viewer = headers.get("cloudfront-viewer-address", "") if headers.get("x-origin-verify") else ""
    forwarded = headers.get("x-forwarded-for", "").rpartition(",")[2]
    peer = request.client.host if request.client else ""
    for candidate in (viewer.rpartition(":")[0], forwarded, peer):
        try:
            address = ip_address(candidate.strip().strip("[]"))
        except ValueError:
            continue
        if isinstance(address, IPv6Address):
            return str(IPv6Network((address, 64), strict=False))
        return str(address)
    return "unknown"
