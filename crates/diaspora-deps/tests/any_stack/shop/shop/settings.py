SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["localhost"]
INSTALLED_APPS = ["shop"]
ROOT_URLCONF = "shop.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
# By the socket, as the user of the process.
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop"}}
CELERY_BROKER_URL = "amqp://localhost"
