"""The leases of GPUs, for the learners' servers: one address of the hub's pages, at which a kernel asks, renews and gives back."""

import asyncio
import json
from datetime import datetime
from pathlib import Path

from tornado import web

from xraydojo.hub.course import Course
from xraydojo.hub.gpu_leases import Answer, Leases, devices, share
from xraydojo.hub.server_handler import ForServers


def leases_of(folder: Path, course: Course) -> Leases | None:
    """Return the leases of a class; None if it has no GPU profile or this machine no GPU.

    Parameters
    ----------
    folder : Path
        The class's folder.
    course : Course
    """
    profile = course.profiles.get("gpu")
    if profile is None or not (found := devices()):
        return None
    return Leases(folder / "gpu.sqlite", found, profile.slots)


class GpuLease(ForServers):
    """A learner's lease."""

    def prepare(self) -> None:
        """Refuse who is not in the class, and say if there is nothing to lease."""
        super().prepare()
        if self.settings["the_class"].leases is None:
            raise web.HTTPError(404)

    async def put(self) -> None:
        """Ask or renew; answer where the kernel stands."""
        leases: Leases = self.settings["the_class"].leases
        asked = self._asked()
        answer = await asyncio.to_thread(
            leases.ask, self.current_user["name"], asked["kernel"], asked["idle"], asked["slot"]
        )
        self.finish(self._told(answer, leases))

    async def delete(self) -> None:
        """Give back."""
        leases: Leases = self.settings["the_class"].leases
        await asyncio.to_thread(leases.give_back, self.current_user["name"], self._asked()["kernel"])
        self.finish({"state": "given back"})

    def _asked(self) -> dict:
        try:
            asked = json.loads(self.request.body)
            kernel, idle, slot = asked["kernel"], asked.get("idle", 0), asked.get("slot")
            if (
                isinstance(kernel, str)
                and 0 < len(kernel) <= 64
                and idle >= 0
                and isinstance(slot, int | None)
            ):
                return {"kernel": kernel, "idle": float(idle), "slot": slot}
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise web.HTTPError(400)

    def _told(self, answer: Answer, leases: Leases) -> dict:
        if answer.slot is None:
            return {"state": answer.state, "place": answer.place}
        device = leases.device(answer.slot)
        zone = self.settings["the_class"].course.timezone
        return {
            "state": answer.state,
            "slot": answer.slot,
            "device": device.id,
            "name": device.name,
            "memory": share(device, leases.slots),
            "total": device.memory,
            "until": f"{datetime.fromtimestamp(answer.until, zone):%H:%M}",
        }
