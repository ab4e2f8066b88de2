from django.urls import path

from uploads.api.views import ChunkView, CompleteView, NewUploadView, UploadsView, UploadView

urlpatterns = [
    path("uploads", UploadsView.as_view(), name="uploads"),
    path("uploads/init", NewUploadView.as_view(), name="uploads_init"),
    path("uploads/<uuid:upload_id>", UploadView.as_view(), name="upload"),
    path("uploads/<uuid:upload_id>/chunk", ChunkView.as_view(), name="upload_chunk"),
    path("uploads/<uuid:upload_id>/complete", CompleteView.as_view(), name="upload_complete"),
]
