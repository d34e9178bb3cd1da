"""A Django admin over the clinic's tables."""

from __future__ import annotations

import os
from typing import Any

import django
from django.conf import settings
from sqlalchemy import make_url

NAME, PASSWORD = "bench", "clinic-demo-only"

url = make_url(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="only of the bench, and long enough",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.database,
            "USER": url.username,
            "PASSWORD": url.password or "",
            "HOST": url.query.get("host") or url.host,
            "PORT": url.port or "",
            "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=[
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
        "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles", __name__,
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    LOGGING_CONFIG=None,
    STATIC_URL="static/",
    USE_TZ=False,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)  # fmt: skip
django.setup()

from django.contrib import admin  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


class Named(models.Model):
    name = models.CharField(max_length=200)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.name)


class Doctor(Named):
    doctor_id = models.AutoField(primary_key=True)

    class Meta:
        managed, db_table = False, "doctor"


class Room(Named):
    room_id = models.AutoField(primary_key=True)

    class Meta:
        managed, db_table = False, "room"


class VisitType(Named):
    visit_type_id = models.AutoField(primary_key=True)

    class Meta:
        managed, db_table = False, "visit_type"


class Patient(Named):
    patient_id = models.AutoField(primary_key=True)
    record_number = models.CharField(max_length=40)
    dob = models.DateField()
    sex = models.CharField(max_length=20)
    phone = models.CharField(max_length=40)
    email = models.CharField(max_length=200)

    class Meta:
        managed, db_table = False, "patient"


class Appointment(models.Model):
    appointment_id = models.AutoField(primary_key=True)
    patient = models.ForeignKey(Patient, models.PROTECT)
    doctor = models.ForeignKey(Doctor, models.PROTECT)
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True)
    visit_type = models.ForeignKey(VisitType, models.PROTECT)
    appointment_datetime = models.DateTimeField()
    minutes_duration = models.IntegerField()
    status = models.CharField(max_length=20)
    version = models.IntegerField(default=1)

    class Meta:
        managed, db_table = False, "appointment"


class MedicalRecord(models.Model):
    record_id = models.AutoField(primary_key=True)
    patient = models.ForeignKey(Patient, models.PROTECT)
    doctor = models.ForeignKey(Doctor, models.PROTECT)
    visit_date = models.DateField()
    status = models.CharField(max_length=20)
    diagnosis = models.TextField()

    class Meta:
        managed, db_table = False, "medical_record"


class RecordInline(admin.TabularInline):
    model = MedicalRecord
    extra = 0


class PatientAdmin(admin.ModelAdmin):
    list_display = ["name", "record_number", "dob", "phone"]
    search_fields = ["^name"]
    inlines = [RecordInline]


class AppointmentAdmin(admin.ModelAdmin):
    list_display = ["appointment_datetime", "patient", "doctor", "visit_type", "room", "status"]
    list_select_related = True
    list_per_page = 5_000
    list_filter = ["doctor"]
    autocomplete_fields = ["patient"]


for model in (Doctor, Room, VisitType):
    admin.site.register(model)
admin.site.register(Patient, PatientAdmin)
admin.site.register(Appointment, AppointmentAdmin)
urlpatterns = [
    path("admin/", admin.site.urls),
    path("bench/open", lambda _request: HttpResponse()),
]


def create() -> Any:
    """The WSGI application, with a login of its own."""
    return get_wsgi_application()


def prepare() -> None:
    """Django's own tables and the login of the bench."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    if not User.objects.filter(username=NAME).exists():
        User.objects.create_superuser(NAME, "", PASSWORD)
