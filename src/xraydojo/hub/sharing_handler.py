"""What learners share, for their servers: one address of the hub's pages, at which a server asks whether its learner shares, and reports."""

import asyncio

from tornado import web

from xraydojo.hub.server_handler import ForServers
from xraydojo.hub.sharing import LARGEST, Sharing, checked, known


class Shared(ForServers):
    """What a learner shares."""

    async def get(self) -> None:
        """Answer since when the learner shares; null for one who does not."""
        self.finish({"since": await asyncio.to_thread(self._sharing.since, self.current_user["name"])})

    async def put(self) -> None:
        """Take a record, if its learner shares, in the place of the one before."""
        name, sharing = self.current_user["name"], self._sharing
        if await asyncio.to_thread(sharing.since, name) is None:
            raise web.HTTPError(403)
        if sharing.is_too_soon(name):
            raise web.HTTPError(429)
        if len(self.request.body) > LARGEST:
            raise web.HTTPError(413)
        if not await asyncio.to_thread(self._keep, name):
            raise web.HTTPError(403)
        self.set_status(204)

    def _keep(self, name: str) -> bool:
        course = self.settings["the_class"].course
        try:
            marks = checked(self.request.body, known(course), self._sharing.clock())
        except ValueError:
            raise web.HTTPError(400) from None
        # one who has left the class meanwhile, or is an instructor of it now, shares no longer
        return course.learner(name) is not None and self._sharing.keep(name, marks)

    @property
    def _sharing(self) -> Sharing:
        return self.settings["the_class"].sharing
