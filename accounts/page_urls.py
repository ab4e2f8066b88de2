from django.urls import path

from accounts.views import invites, keys, pairing, pairing_phone, sessions, settings, setup

app_name = "accounts"
urlpatterns = [
    path("setup/<str:token>/", setup.setup, name="setup"),
    path("account/settings/", settings.settings, name="settings"),
    path("account/keys/", keys.key_list, name="keys"),
    path("account/keys/<uuid:key_id>/revoke/", keys.revoke, name="revoke_key"),
    path("account/sessions/", sessions.sessions, name="sessions"),
    path("account/sessions/<uuid:public_id>/end/", sessions.end_session, name="end_session"),
    path("account/sessions/end-all/", sessions.end_all_sessions, name="end_all_sessions"),
    path("account/invites/", invites.invites, name="invites"),
    path("account/invites/<uuid:invite_id>/revoke/", invites.revoke, name="revoke_invite"),
    path("invite/<str:token>/", invites.invite, name="invite"),
    path("account/pair/", pairing.pair, name="pair"),
    path("account/pair/state/", pairing.pair_state, name="pair_state"),
    path("account/pair/confirm/", pairing.pair_confirm, name="pair_confirm"),
    path("account/pair/refuse/", pairing.pair_refuse, name="pair_refuse"),
    path("pair/", pairing_phone.pair_phone, name="pair_phone"),
    path("pair/claim/", pairing_phone.pair_claim, name="pair_claim"),
    path("pair/accept/", pairing_phone.pair_accept, name="pair_accept"),
    path("pair/state/", pairing_phone.pair_phone_state, name="pair_phone_state"),
    path("pair/finish/", pairing_phone.pair_finish, name="pair_finish"),
]
