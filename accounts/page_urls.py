from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [path("setup/<str:token>/", views.setup, name="setup")]
