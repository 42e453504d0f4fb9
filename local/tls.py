"""TLS in front of the local PostgreSQL and Redis, whose wheels are built without it.

Aurora and ElastiCache Serverless speak TLS only. With this in front, the shop's code connects on this machine as it
does on AWS, and needs no switch. Run as `python -m local.tls CERTIFICATE PROTOCOL:LISTEN:TARGET …`.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

import trustme

# PostgreSQL's SSLRequest: length 8, code 80877103 (PostgreSQL documentation, "Message Formats").
_SSL_REQUEST = struct.pack("!II", 8, 80877103)
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Certificate:
    """PEM files: a certificate for this machine together with its key, and the authority that issued it."""

    authority: Path
    certificate: Path

    @classmethod
    def within(cls, directory: Path) -> Certificate:
        """The certificate that `make_certificate` put there."""
        return cls(authority=directory / "authority.pem", certificate=directory / "certificate.pem")


def make_certificate(directory: Path) -> Certificate:
    """A new authority, and a certificate of its for this machine."""
    authority = trustme.CA(organization_name="RetailPlatform embedded")
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    directory.mkdir(parents=True, exist_ok=True)
    made = Certificate.within(directory)
    authority.cert_pem.write_to_path(made.authority)
    made.certificate.touch(mode=0o600)
    certificate.private_key_and_cert_chain_pem.write_to_path(made.certificate)
    return made


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(_CHUNK):
            target.write(chunk)
            await target.drain()
    except (ConnectionError, ssl.SSLError):
        pass  # either side may hang up at any time; the other one is told by the close below
    finally:
        target.close()


class Terminator:
    """Accepts TLS on one port of 127.0.0.1 and passes the plain bytes to another."""

    def __init__(self, context: ssl.SSLContext, *, protocol: str, target: int) -> None:
        self._context = context
        self._asks_first = protocol == "postgres"
        self._target = target

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until either side closes. A PostgreSQL client that does not ask for TLS is refused."""
        try:
            if self._asks_first:
                if await reader.readexactly(len(_SSL_REQUEST)) != _SSL_REQUEST:
                    return
                writer.write(b"S")
                await writer.drain()
            await writer.start_tls(self._context)
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target)
            await asyncio.gather(_copy(reader, server_writer), _copy(server_reader, writer))
        except (OSError, asyncio.IncompleteReadError) as broken:
            print(f"port {self._target}: {broken!r}", file=sys.stderr, flush=True)
        finally:
            writer.close()


async def main(certificate: str, *routes: str) -> None:
    """Serves every route until the process is stopped."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    servers = []
    for route in routes:
        protocol, listen, target = route.split(":")
        terminator = Terminator(context, protocol=protocol, target=int(target))
        servers.append(await asyncio.start_server(terminator.serve, "127.0.0.1", int(listen)))
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
