from django.urls import path

from accounts.views import sessions, setup

app_name = "accounts"
urlpatterns = [
    path("setup/<str:token>/", setup.setup, name="setup"),
    path("account/sessions/", sessions.sessions, name="sessions"),
    path("account/sessions/<uuid:public_id>/end/", sessions.end_session, name="end_session"),
    path("account/sessions/end-all/", sessions.end_all_sessions, name="end_all_sessions"),
]
