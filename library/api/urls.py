from django.urls import path

from library.api import views

urlpatterns = [
    path("dubs", views.DubsView.as_view(), name="dubs"),
    path("dubs/<uuid:dub_id>", views.DubView.as_view(), name="dub"),
    path("dubs/<uuid:dub_id>/files/<str:kind>", views.FileView.as_view(), name="dub-file"),
]
