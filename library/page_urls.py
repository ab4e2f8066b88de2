from django.urls import path

from library import views

app_name = "library"
urlpatterns = [
    path("dubs/<uuid:dub_id>/", views.dub, name="dub"),
    path("dubs/<uuid:dub_id>/files/<slug:kind>/", views.file, name="file"),
]
