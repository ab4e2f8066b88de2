from django.urls import path

from jobs import action_views, import_views, keeping_views, new_dub_views, views

app_name = "jobs"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", new_dub_views.new, name="new"),
    path("new/import/", import_views.choose, name="import"),
    path("share/", new_dub_views.share, name="share"),
    path("uploads/<uuid:upload_id>/discard/", new_dub_views.discard_upload, name="discard_upload"),
    path("jobs/", views.every_job, name="list"),
    path("jobs/<uuid:job_id>/", views.detail, name="detail"),
    path("jobs/<uuid:job_id>/file/", action_views.refile, name="refile"),
    *(
        path(f"jobs/<uuid:job_id>/{action}/", action_views.act, {"action": action}, name=action)
        for action in action_views.ACTIONS
    ),
    path("projects/", keeping_views.project_list, name="projects"),
    path("projects/<uuid:project_id>/", keeping_views.project, name="project"),
    path("projects/<uuid:project_id>/delete/", keeping_views.delete_project, name="delete_project"),
    path("presets/", keeping_views.preset_list, name="presets"),
    path("presets/<uuid:preset_id>/default/", keeping_views.make_preset_default, name="make_preset_default"),
    path("presets/<uuid:preset_id>/delete/", keeping_views.delete_preset, name="delete_preset"),
]
