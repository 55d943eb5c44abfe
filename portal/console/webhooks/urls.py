from django.urls import path

from portal.console.webhooks import deliveries, views

urlpatterns = [
    path("", views.endpoints, name="webhooks"),
    path("new/", views.add, name="webhook_new"),
    path("<int:pk>/", views.endpoint, name="webhook"),
    path("<int:pk>/change/", views.change, name="webhook_change"),
    path("<int:pk>/switch/", views.switch, name="webhook_switch"),
    path("<int:pk>/secret/", views.secret, name="webhook_secret"),
    path("<int:pk>/test/", views.test, name="webhook_test"),
    path("<int:pk>/remove/", views.remove, name="webhook_remove"),
    path("deliveries/<int:pk>/", deliveries.delivery, name="webhook_delivery"),
    path("deliveries/<int:pk>/again/", deliveries.again, name="webhook_again"),
]
