from django.http import HttpResponse
from django.urls import path

from .celery import deliver
from .models import Order


def index(_request):
    delivered = Order.objects.filter(delivered=True).count()
    return HttpResponse(f"{Order.objects.count()} orders, {delivered} delivered\n")


def order(_request):
    deliver.delay(Order.objects.create().pk)
    return HttpResponse("ordered\n")


urlpatterns = [path("", index), path("order", order)]
