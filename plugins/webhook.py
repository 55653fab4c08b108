"""Tells a web address about every push. Settings: ``[plugin.webhook] url = "https://chat.example.com/hook"``.

The address is sent JSON: ``{"package": "Contoso.Json 1.2.0", "by": "administrator", "replaced": false}``.
"""

import logging
from threading import Thread

import urllib3

from nugetlite import OPERATOR, Actor, Config, Package, hookimpl

log = logging.getLogger(__name__)


@hookimpl
def nugetlite_after_push(package: Package, actor: Actor, replaced: bool, config: Config) -> None:
    """Send the news in a thread of its own, for the client is waiting."""
    url = config.for_plugin("webhook").text("url")
    if not url or actor == OPERATOR:  # a first look at a full share would be news for hours
        return
    news = {"package": str(package.identity), "by": actor.name, "replaced": replaced}
    Thread(target=send, args=[url, news], daemon=True).start()


def send(url: str, news: dict[str, object]) -> None:
    """Post ``news``, or say in the log that it could not be done. The address may hold a key: it is not told."""
    try:
        answer = urllib3.request("POST", url, json=news, timeout=10, retries=False)
    except urllib3.exceptions.HTTPError as error:
        log.warning("the news of %s did not get through: %s", news["package"], type(error).__name__)
    else:
        if answer.status >= 300:
            log.warning("the news of %s was answered with %s", news["package"], answer.status)
