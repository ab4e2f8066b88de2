"""Who gets which answer from which route: the table that `test_access_matrix` holds the site to.

A route that is not here fails the suite. Answers: `in` is anything but being kept out, `login` leads to the sign-in
page, and the numbers are HTTP's. Whoever is not the owner is told that there is no such thing (404); moderators and
administrators meet others' things in the administration only.
"""

from __future__ import annotations

ACTORS = ("anonymous", "other", "owner", "viewer", "key_without", "key_with", "moderator", "admin")

# `other` is an editor, as is the owner; the `viewer` owns nothing; the keys are the owner's, one with every scope but
# the one that is needed, one with that alone.
RULES = """
                   anonymous other owner viewer key_without key_with moderator admin
public             in        in    in    in     in          in       in        in
public:none        404       404   404   404    404         404      404       404

api:read           401       in    in    in     403         in       in        in
api:write          401       in    in    403    403         in       in        in
api:read:own       401       404   in    404    403         in       404       404
api:write:own      401       404   in    403    403         in       404       404
api:session        401       in    in    in     403         403      in        in
api:session:own    401       404   in    404    403         403      404       404
api:admin          401       403   403   403    403         403      403       in

page:read          login     in    in    in     login       login    in        in
page:write         login     in    in    403    login       login    in        in
page:read:own      login     404   in    404    login       login    404       404
page:write:own     login     404   in    403    login       login    404       404
page:session       login     in    in    in     login       login    in        in
page:session:own   login     404   in    404    login       login    404       404
page:session:none  login     404   404   404    login       login    404       404
page:admin         login     403   403   403    login       login    403       in
page:enrolled      login     404   404   404    login       login    in        in
page:from-system   login     403   403   403    login       login    403       403
page:leaving       login     login login login  login       login    login     login

socket:read:own    4401      4404  in    4404   4403        in       4404      4404
socket:none        4404      4404  4404  4404   4404        4404     4404      4404

staff              login     login login login  login       login    in        in
staff:admin        login     login login login  login       login    403       in
staff:nobody       login     login login login  login       login    403       403
staff:none         login     login login login  login       login    404       404
staff:login        login     403   403   403    login       login    in        in
"""

# The scopes of an area: of safe methods, and of all others.
NEEDS = {
    "jobs": ("jobs:read", "jobs:write"),
    "uploads": ("uploads:write", "uploads:write"),
    "library": ("library:read", "library:write"),
    "starting": ("jobs:write", "jobs:write"),
    "-": ("admin", "admin"),
}
# The rules of areas whose safe methods only those may use who may change things.
WRITING_AREAS = ("uploads", "starting")

# Route, area, kind (`:own` of a thing that belongs to somebody), methods. Others than these are 405.
ROUTES = """
api/uploads                                          uploads  api      GET POST
api/uploads/init                                     uploads  api      POST
api/uploads/import                                   uploads  api      POST
api/uploads/<uuid:upload_id>                         uploads  api:own  GET DELETE
api/uploads/<uuid:upload_id>/chunk                   uploads  api:own  PUT POST
api/uploads/<uuid:upload_id>/complete                uploads  api:own  POST
api/uploads/<uuid:upload_id>/pull                    uploads  api:own  POST
api/imports                                          uploads  api      GET
files/                                               uploads  api      POST
files/<str:upload_id>                                uploads  api:own  HEAD PATCH DELETE
api/jobs                                             jobs     api      GET POST
api/jobs/batch                                       jobs     api      POST
api/jobs/<uuid:job_id>                               jobs     api:own  GET PATCH DELETE
api/jobs/<uuid:job_id>/cancel                        jobs     api:own  POST
api/jobs/<uuid:job_id>/pause                         jobs     api:own  POST
api/jobs/<uuid:job_id>/resume                        jobs     api:own  POST
api/jobs/<uuid:job_id>/retry                         jobs     api:own  POST
api/jobs/<uuid:job_id>/timeline                      jobs     api:own  GET
api/jobs/<uuid:job_id>/logs/tail                     jobs     api:own  GET
api/presets                                          jobs     api      GET POST
api/presets/<uuid:preset_id>                         jobs     api:own  GET PATCH DELETE
api/projects                                         jobs     api      GET POST
api/projects/<uuid:project_id>                       jobs     api:own  GET PATCH DELETE
api/runtime/queue                                    jobs     api      GET
api/modes                                            jobs     api      GET
api/languages                                        jobs     api      GET
api/dubs                                             library  api      GET
api/dubs/<uuid:dub_id>                               library  api:own  GET
api/dubs/<uuid:dub_id>/files/<str:kind>              library  api:own  GET HEAD
api/keys                                             -        api:session      GET POST
api/keys/<uuid:key_id>                               -        api:session:own  DELETE
api/me/settings                                      -        api:session      GET PATCH
api/audit                                            -        api:admin        GET
api/schema/                                          -        public   GET
api/docs/                                            -        public   GET

<home>                                               jobs     page     GET
jobs/                                                jobs     page     GET
jobs/<uuid:job_id>/                                  jobs     page:own GET
jobs/<uuid:job_id>/file/                             jobs     page:own POST
jobs/<uuid:job_id>/cancel/                           jobs     page:own POST
jobs/<uuid:job_id>/pause/                            jobs     page:own POST
jobs/<uuid:job_id>/resume/                           jobs     page:own POST
jobs/<uuid:job_id>/retry/                            jobs     page:own POST
jobs/<uuid:job_id>/delete/                           jobs     page:own POST
jobs/<uuid:job_id>/pin/                              jobs     page:own POST
jobs/<uuid:job_id>/unpin/                            jobs     page:own POST
projects/                                            jobs     page     GET POST
projects/<uuid:project_id>/                          jobs     page:own GET POST
projects/<uuid:project_id>/delete/                   jobs     page:own POST
presets/                                             jobs     page     GET
presets/<uuid:preset_id>/default/                    jobs     page:own POST
presets/<uuid:preset_id>/delete/                     jobs     page:own POST
new/                                                 starting page     GET POST
new/import/                                          uploads  page     GET POST
share/                                               uploads  page     GET
share/                                               -        page:from-system  POST
uploads/<uuid:upload_id>/discard/                    uploads  page:own POST
dubs/<uuid:dub_id>/                                  library  page:own GET
dubs/<uuid:dub_id>/files/<slug:kind>/                library  page:own GET

account/settings/                                    -        page:session      GET POST
account/keys/                                        -        page:session      GET POST
account/keys/<uuid:key_id>/revoke/                   -        page:session:own  POST
account/sessions/                                    -        page:session      GET
account/sessions/<uuid:public_id>/end/               -        page:session:own  POST
account/sessions/end-all/                            -        page:leaving      POST
account/invites/                                     -        page:admin        GET POST
account/invites/<uuid:invite_id>/revoke/             -        page:admin        POST
account/pair/                                        -        page:session      GET POST
account/pair/state/                                  -        page:session:none GET
account/pair/confirm/                                -        page:session:none      POST
account/pair/refuse/                                 -        page:session:none      POST
setup/<str:token>/                                   -        public            GET POST
invite/<str:token>/                                  -        public            GET POST
pair/                                                -        public            GET
pair/claim/                                          -        public            POST
pair/accept/                                         -        public:none            POST
pair/state/                                          -        public:none       GET
pair/finish/                                         -        public:none            POST

accounts/login/                                      -        public            GET POST
accounts/logout/                                     -        page:session            GET
accounts/logout/                                     -        page:leaving      POST
accounts/inactive/                                   -        public            GET
accounts/signup/                                     -        public            GET POST
accounts/login/code/confirm/                         -        page:session            GET
accounts/confirm-email/                              -        public            GET
accounts/^confirm-email/(?P<key>[-:\\w]+)/$          -        public            GET
accounts/password/reset/                             -        public            GET POST
accounts/password/reset/done/                        -        public            GET
accounts/password/reset/key/done/                    -        public            GET
accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$ -  public   GET POST
accounts/2fa/authenticate/                           -        page:session            GET POST
accounts/2fa/webauthn/login/                         -        page:session            GET POST
accounts/reauthenticate/                             -        page:session      GET POST
accounts/email/                                      -        page:session      GET POST
accounts/password/change/                            -        page:session      GET POST
accounts/password/set/                               -        page:session      GET POST
accounts/2fa/                                        -        page:session      GET
accounts/2fa/reauthenticate/                         -        page:session      GET POST
accounts/2fa/totp/activate/                          -        page:session      GET POST
accounts/2fa/totp/deactivate/                        -        page:enrolled      GET POST
accounts/2fa/recovery-codes/                         -        page:session:none      GET
accounts/2fa/recovery-codes/generate/                -        page:session      GET POST
accounts/2fa/recovery-codes/download/                -        page:session:none      GET
accounts/2fa/webauthn/                               -        page:session      GET
accounts/2fa/webauthn/add/                           -        page:session      GET POST
accounts/2fa/webauthn/reauthenticate/                -        page:session      GET POST
accounts/2fa/webauthn/keys/<int:pk>/remove/          -        page:session GET POST
accounts/2fa/webauthn/keys/<int:pk>/edit/            -        page:session GET POST

manifest.webmanifest                                 -        public            GET
service-worker.js                                    -        public            GET
offline/                                             -        public            GET
healthz                                              -        public            GET
readyz                                               -        public            GET

admin/                                               -        staff             GET
admin/login/                                         -        staff:login       GET
admin/logout/                                        -        public             POST
admin/password_change/                               -        staff             GET POST
admin/password_change/done/                          -        staff             GET
admin/autocomplete/                                  -        staff:admin             GET
admin/jsi18n/                                        -        staff             GET
admin/r/<path:content_type_id>/<path:object_id>/     -        staff:none        GET
admin/^(?P<app_label>accounts|uploads|library|jobs)/$ -       staff             GET
admin/(?P<url>.*)$                                   -        staff:none        GET
admin/accounts/user/<id>/password/                   -        staff:admin       GET
admin/accounts/auditentry/export/                    -        staff:admin       GET
"""

# Those of WebSockets; the numbers are what they are closed with. The last takes all other addresses.
SOCKETS = """
ws/jobs/<uuid:job_id>/                               jobs     socket:own
<any>                                                -        socket:none
"""

# Of each model: the list, adding, one thing, its history (which leads on to the audit trail), removing it.
ADMIN_MODELS = """
                    list         add           one          history      delete
accounts/user       staff:admin  staff:admin   staff:admin  staff        staff:admin
accounts/auditentry staff:admin  staff:nobody  staff:admin  staff:admin  staff:nobody
uploads/upload      staff        staff:nobody  staff        staff        staff:admin
library/dub         staff        staff:nobody  staff        staff        staff:admin
jobs/job            staff        staff:nobody  staff        staff        staff:nobody
jobs/userlimits     staff:admin  staff:admin   staff:admin  staff        staff:admin
jobs/project        staff:admin  staff:admin   staff:admin  staff        staff:admin
jobs/preset         staff:admin  staff:admin   staff:admin  staff        staff:admin
"""


def answers() -> dict[str, dict[str, str]]:
    """What each actor is answered, by rule."""
    _heads, *lines = filter(None, RULES.splitlines())
    return {rule: dict(zip(ACTORS, told, strict=True)) for rule, *told in (line.split() for line in lines)}
