from django.db import models


class Order(models.Model):
    delivered = models.BooleanField(default=False)
