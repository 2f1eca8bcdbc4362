"""A web server on loopback that costs as little as possible: every answer is made before it is asked for.

    python -m benchmarks.scale.pictures_server FOLDER NUMBER    serves /0.jpg to /NUMBER-1.jpg, says its port

The pictures are the JPEG files of FOLDER in turn, each with a comment of its own, so that no two are equal."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path


def numbered(jpeg: bytes, number: int) -> bytes:
    """The picture with a comment segment (ITU T.81, B.2.4.5) behind the start of image."""
    comment = f"{number:012d}".encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + jpeg[2:]


async def serve(folder: Path, count: int) -> None:
    """Serve until the process is ended."""
    files = [file.read_bytes() for file in sorted(folder.glob("*.jpg"))]
    answers = {f"/{n}.jpg".encode(): numbered(files[n % len(files)], n) for n in range(count)}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                body = answers.get(request.split(b" ", 2)[1])
                status = b"200 OK" if body else b"404 Not Found"
                close = b"connection: close" in request.lower()
                head = b"HTTP/1.1 %s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n" % (
                    status,
                    len(body or b""),
                )
                writer.write(head + (b"Connection: close\r\n\r\n" if close else b"\r\n") + (body or b""))
                await writer.drain()
                if close:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
