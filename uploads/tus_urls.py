from django.urls import path

from uploads.tus_views import TusCreationView, TusUploadView

urlpatterns = [
    path("", TusCreationView.as_view(), name="tus_creation"),
    path("<str:upload_id>", TusUploadView.as_view(), name="tus_upload"),
]
