"""A small HTTP client for tests that make tens of thousands of requests."""

import asyncio
import json
from typing import Any


class KeptConnection:
    """One connection, opened when it is needed and kept open; requests go one after the other."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, Any]:
        return await self._request("GET", path, b"", {})

    async def post(self, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        """
        Returns the status and the body.

        Raises ConnectionError when there is no answer; whether the request arrived is unknown then.
        """
        return await self._request("POST", path, json.dumps(body).encode(), headers)

    async def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 24)
            reader, writer = self._streams
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
            content = await reader.readexactly(length)
        except (OSError, EOFError) as error:
            self.close()
            raise ConnectionError(str(error)) from error
        return int(head.split()[1]), json.loads(content) if content else None

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            self._streams = None
