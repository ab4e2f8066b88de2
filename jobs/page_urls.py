from django.urls import path

from jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", views.new, name="new"),
    path("jobs/<uuid:job_id>/", views.detail, name="detail"),
    path("jobs/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
]
