"""What learners' servers ask of the pages, past the proxy, each with its own token."""

from jupyterhub.services.auth import HubOAuthenticated
from tornado import web


class ForServers(HubOAuthenticated, web.RequestHandler):
    """An address for learners' servers. Nobody sees or changes another's: whose it is, the token says."""

    # the token of a learner's server opens none of the pages: here it is asked only whose it is
    hub_scopes = None

    def check_xsrf_cookie(self) -> None:
        """Find out first whether there is a token: then there is nothing to forge."""
        if self.current_user is None:
            raise web.HTTPError(403)
        super().check_xsrf_cookie()

    def prepare(self) -> None:
        """Refuse who is not in the class."""
        if not self.current_user or self.current_user["name"] not in self.settings["the_class"].course.people:
            raise web.HTTPError(403)
