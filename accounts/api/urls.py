from django.urls import path

from accounts.api import audit, keys, preferences

urlpatterns = [
    path("audit", audit.AuditView.as_view(), name="audit"),
    path("me/settings", preferences.PreferencesView.as_view(), name="me-settings"),
    path("keys", keys.KeysView.as_view(), name="keys"),
    path("keys/<uuid:key_id>", keys.KeyView.as_view(), name="key"),
]
