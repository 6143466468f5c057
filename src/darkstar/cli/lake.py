"""Where the home's episodes are kept."""

from darkstar.config.settings import Settings
from darkstar.store.episodes.address import LakeAddress, file_address, parse_address


def lake_address(settings: Settings) -> LakeAddress:
    """The database that `episodes:` names, else a file in the home's folder."""
    place = settings.episodes
    if place.url is None:
        return file_address(settings.folder)
    return parse_address(place.url.reveal(), ca_file=place.ca_file, tls=place.tls)
