from django.urls import path

from uploads.api.importing import ImportsView, NewImportView, PullView
from uploads.api.views import ChunkView, CompleteView, NewUploadView, UploadsView, UploadView

urlpatterns = [
    path("uploads", UploadsView.as_view(), name="uploads"),
    path("uploads/init", NewUploadView.as_view(), name="uploads_init"),
    path("uploads/import", NewImportView.as_view(), name="uploads_import"),
    path("uploads/<uuid:upload_id>", UploadView.as_view(), name="upload"),
    path("uploads/<uuid:upload_id>/chunk", ChunkView.as_view(), name="upload_chunk"),
    path("uploads/<uuid:upload_id>/complete", CompleteView.as_view(), name="upload_complete"),
    path("uploads/<uuid:upload_id>/pull", PullView.as_view(), name="upload_pull"),
    path("imports", ImportsView.as_view(), name="imports"),
]
