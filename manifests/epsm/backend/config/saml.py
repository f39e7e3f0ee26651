"""Who logs people in. Of the identity provider's metadata the example reads who it is, and no more."""

import functools
import logging
import urllib.request
from xml.etree import ElementTree

from django.conf import settings


@functools.lru_cache(maxsize=1)
def entity_id():
    try:
        with urllib.request.urlopen(settings.SAML_IDP_METADATA_URL, timeout=5) as answer:
            return ElementTree.parse(answer).getroot().attrib["entityID"]
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as error:
        # Nobody can log in; all else works.
        logging.getLogger("saml").error("ERROR: no metadata from %s: %s", settings.SAML_IDP_METADATA_URL, error)
        return None
