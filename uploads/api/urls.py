from django.urls import path

from uploads.api.views import UploadsView

urlpatterns = [path("uploads", UploadsView.as_view(), name="uploads")]
