from django.urls import path

from jobs.api import actions, presets, projects, runtime, views

urlpatterns = [
    path("jobs", views.JobsView.as_view(), name="jobs"),
    path("jobs/batch", views.BatchView.as_view(), name="jobs-batch"),
    path("jobs/<uuid:job_id>", views.JobView.as_view(), name="job"),
    path("jobs/<uuid:job_id>/cancel", actions.CancelView.as_view(), name="job-cancel"),
    path("jobs/<uuid:job_id>/pause", actions.PauseView.as_view(), name="job-pause"),
    path("jobs/<uuid:job_id>/resume", actions.ResumeView.as_view(), name="job-resume"),
    path("jobs/<uuid:job_id>/retry", actions.RetryView.as_view(), name="job-retry"),
    path("jobs/<uuid:job_id>/timeline", views.TimelineView.as_view(), name="job-timeline"),
    path("jobs/<uuid:job_id>/logs/tail", views.LogTailView.as_view(), name="job-logs-tail"),
    path("presets", presets.PresetsView.as_view(), name="presets"),
    path("presets/<uuid:preset_id>", presets.PresetView.as_view(), name="preset"),
    path("projects", projects.ProjectsView.as_view(), name="projects"),
    path("projects/<uuid:project_id>", projects.ProjectView.as_view(), name="project"),
    path("runtime/queue", runtime.RuntimeQueueView.as_view(), name="runtime-queue"),
    path("modes", views.ModesView.as_view(), name="modes"),
    path("languages", views.LanguagesView.as_view(), name="languages"),
]
