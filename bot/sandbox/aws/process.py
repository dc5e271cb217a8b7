"""How does the process of the embedded AWS start, say that it is ready, and end?"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.loaders import JSONFileLoader

from bot.sandbox.aws.api_faults import ApiFaults
from bot.sandbox.aws.control import Control
from bot.sandbox.aws.hosts import HostBook
from bot.sandbox.aws.plans import fleet
from bot.sandbox.fleet import GroupPlan

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

    from bot.sandbox.aws.delivery import Delivery

WORKERS = 8
CLOSING_S = 15.0


def main() -> int:
    """Serve until SIGTERM, SIGINT, or the end of standard input, which is the end of the parent."""
    options = _options()
    ready, ended = threading.Event(), threading.Event()
    threading.Thread(target=_await_parent, args=(ready, ended), daemon=True).start()
    server, delivery, groups = _serve(options)
    for number in (signal.SIGTERM, signal.SIGINT):  # until here a signal simply ends the process
        # A thread sets it: the handler interrupts this one, perhaps where it holds the event's own lock.
        signal.signal(number, lambda *_: threading.Thread(target=ended.set, name="stop").start())
    ready.set()
    print(json.dumps({"url": f"http://127.0.0.1:{server.port}", "groups": groups}), flush=True)
    ended.wait()
    last_resort = threading.Timer(CLOSING_S, os._exit, (1,))  # whatever hangs, nothing is left behind
    last_resort.daemon = True
    last_resort.start()
    delivery.close()
    server.shutdown()
    server.server_close()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox.aws", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder for the hosts' state")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--fleet", type=fleet, default="demo", help="demo, tiny or many:N")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than life")
    return parser.parse_args()


def _await_parent(ready: threading.Event, ended: threading.Event) -> None:
    while os.read(0, 4096):  # not through sys.stdin: its lock outlives the thread
        pass
    if not ready.is_set():
        os._exit(1)  # the parent is gone and there is nothing to close yet
    ended.set()


def _serve(options: argparse.Namespace) -> tuple[BaseWSGIServer, Delivery, dict[str, list[dict[str, Any]]]]:
    """Build the world behind a listening server; the caller owns both and closes them."""
    plans, build = options.fleet
    _prepare_moto(options.data, plans)
    _read_models_once()
    # moto reads its settings, and its images from a file, when it is imported: so only now.
    from moto.moto_api._internal import mock_random
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    from bot.sandbox.aws.app import Application
    from bot.sandbox.aws.delivery import Delivery
    from bot.sandbox.aws.run_command import RunCommand
    from bot.sandbox.aws.world import build_world

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    mock_random.seed(options.seed)
    hosts = HostBook(options.data / "hosts")
    delivery = Delivery(hosts, speed=options.speed, seed=options.seed, workers=WORKERS)
    faults = ApiFaults(options.seed)
    groups: dict[str, list[dict[str, Any]]] = {}
    run_command = RunCommand(hosts, delivery, options.seed)
    application = Application(
        DomainDispatcherApplication(create_backend_app),
        run_command,
        faults,
        Control(hosts, faults, groups, run_command.sent, run_command.last_end),
    )
    server = make_server(
        "127.0.0.1", options.port, application, threaded=True, request_handler=MotoRequestHandler
    )
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    url = f"http://127.0.0.1:{server.port}"
    groups.update(build_world(url, (plans, build), hosts, seed=options.seed, now=datetime.now(UTC)))
    faults.forget_calls()
    return server, delivery, groups


def _read_models_once() -> None:
    """Let each file of botocore's be parsed once: moto makes session after session, and EC2's model alone takes 0.15 s."""
    read = cache(JSONFileLoader().load_file)
    JSONFileLoader.load_file = lambda self, file_path: read(file_path)  # type: ignore[method-assign]


def _prepare_moto(folder: Path, plans: Sequence[GroupPlan]) -> None:
    """Let moto know our images only (its own take seconds to read), and let no web page in."""
    images = sorted({host.image_id for plan in plans for host in plan.hosts})
    listed = [
        {
            "ami_id": image,
            "name": f"fleet-{image[-4:]}",
            "description": "Image of simulated hosts",
            "owner_id": "123456789012",
            "public": False,
            "virtualization_type": "hvm",
            "architecture": "x86_64",
            "state": "available",
            "platform": None,
            "image_type": "machine",
            "hypervisor": "xen",
            "root_device_name": "/dev/xvda",
            "root_device_type": "ebs",
            "sriov": "simple",
        }
        for image in images
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "images.json"
    path.write_text(json.dumps(listed))
    os.environ["MOTO_AMIS_PATH"] = str(path)
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
