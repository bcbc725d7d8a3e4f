"""The site as a program, on port 8080, with an embedded Centrifugo unless the environment names another server."""

import logging
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from centripetal import Client, Retry
from centripetal.server import EmbeddedServer

from .progress import Progress
from .site import Backend, make_server

HERE = Path(__file__).parent


def work(progress: Progress) -> None:
    """A sample job that takes a few seconds."""
    for step in range(1, 501):
        time.sleep(0.01)
        progress.update(step, 500)


def centrifugo(stack: ExitStack) -> tuple[str, str, str, str]:
    """Return the API's address and key, the browsers' address, and the secret of their tokens."""
    if "CENTRIFUGO_API_URL" in os.environ:
        url, key, secret = (
            os.environ[f"CENTRIFUGO_{name}"] for name in ("API_URL", "API_KEY", "CLIENT_TOKEN_HMAC_SECRET_KEY")
        )
        return url, key, f"{url.replace('http', 'ws', 1)}/connection/websocket", secret
    server = stack.enter_context(EmbeddedServer(config=HERE / "centrifugo.json"))
    print(f"embedded Centrifugo; its console is at {server.console_url}")
    return server.url, server.api_key, server.websocket_url, server.token_secret


def main() -> None:
    """Serve until Ctrl-C."""
    logging.basicConfig()
    sdk = Path(os.environ.get("CENTRIFUGE_JS", "node_modules/centrifuge/dist/centrifuge.js"))
    if not sdk.exists():
        sys.exit(
            f"no {sdk}: run `npm install --no-save --prefix . centrifuge@5`, "
            "or set CENTRIFUGE_JS to the path of its dist/centrifuge.js"
        )
    with ExitStack() as stack, make_server(int(os.environ.get("PORT", "8080"))) as site:
        url, key, websocket_url, secret = centrifugo(stack)
        client = stack.enter_context(Client(url, key, retry=Retry()))
        site.backend = Backend(client, websocket_url, secret, work, sdk)  # type: ignore[attr-defined]
        print(f"the page is at http://localhost:{site.server_port}/", flush=True)
        try:
            site.serve_forever()
        except KeyboardInterrupt:
            print("bye")


if __name__ == "__main__":
    main()
