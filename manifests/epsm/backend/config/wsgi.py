from django.core.wsgi import get_wsgi_application

from . import saml

application = get_wsgi_application()
saml.entity_id()
