from django.urls import path

from accounts.views import keys, sessions, setup

app_name = "accounts"
urlpatterns = [
    path("setup/<str:token>/", setup.setup, name="setup"),
    path("account/keys/", keys.key_list, name="keys"),
    path("account/keys/<uuid:key_id>/revoke/", keys.revoke, name="revoke_key"),
    path("account/sessions/", sessions.sessions, name="sessions"),
    path("account/sessions/<uuid:public_id>/end/", sessions.end_session, name="end_session"),
    path("account/sessions/end-all/", sessions.end_all_sessions, name="end_all_sessions"),
]
