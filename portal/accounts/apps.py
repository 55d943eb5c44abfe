from allauth.socialaccount.apps import SocialAccountConfig


class ProvidersWithTheirPages(SocialAccountConfig):
    """allauth's app, without the client of identity providers and of HTTP that it loads into every process.

    What asks for a provider loads it (`portal.accounts.adapters`); a worker never does.
    """

    def ready(self) -> None:
        from allauth.socialaccount import checks as _registers_itself  # noqa: F401
